"""Korean for sentences that the engine makes: refusals, notices, receipts, faults of an order line. They stay English
in core and on disk; the screen finds them by their templates."""

from __future__ import annotations

RULES = {
    "account": "계좌",
    "auction over": "단일가 끝남",
    "baseline": "접수 확인 준비",
    "broker": "증권사",
    "buying power": "주문가능금액",
    "cancel rate": "취소 빈도",
    "canceled": "취소",
    "clock": "시계",
    "cooldown": "손실 후 대기",
    "daily loss": "일일 손실",
    "disk": "디스크",
    "drawdown": "일중 하락",
    "drift": "설명 안 된 보유",
    "duplicate": "중복 주문",
    "feed": "회선",
    "gate": "계좌 준비",
    "halted": "거래정지",
    "holdings": "보유 수량",
    "instrument": "종목",
    "journal": "거래 기록",
    "lane": "확인 중인 주문",
    "legs": "손절·익절",
    "live lock": "실계좌 잠금",
    "live quote": "실시간 시세",
    "lot": "매매 단위",
    "max gross": "총 보유금액",
    "max holdings": "보유 종목 수",
    "max position": "최대 보유금액",
    "max quantity": "최대 수량",
    "max value": "최대 주문금액",
    "min quantity": "최소 수량",
    "min value": "최소 주문금액",
    "mode": "계좌 종류",
    "odd fill": "이상 체결",
    "open orders": "미체결 주문 수",
    "order rate": "주문 빈도",
    "paused": "일시정지",
    "prepare": "주문 준비",
    "price collar": "가격 범위",
    "price limit": "상하한가",
    "reduce only": "청산 전용",
    "reducing": "축소만 가능",
    "restart": "재시작",
    "self cross": "자전 거래",
    "session": "장 시간",
    "slices": "분할",
    "stale quote": "지연 시세",
    "stop side": "손절 방향",
    "tick": "호가 단위",
    "too late": "너무 늦음",
    "tradable": "거래 가능 종목",
    "trades a day": "하루 거래 횟수",
    "unknown orders": "미확인 주문",
    "unsupported": "지원 안 됨",
    "venue": "증권사 기능",
}
KINDS = {
    "LOCK": "잠금",
    "ABSENT": "미접수",
    "ADJUST": "조정",
    "ALERT": "알림",
    "ASKED": "요청",
    "CANCEL": "취소",
    "CLOCK": "시계",
    "DENY": "거절",
    "DISK": "디스크",
    "EVENT": "사건",
    "EXPIRE": "만료",
    "FEED": "시세",
    "FILL": "체결",
    "FLAT": "청산",
    "GATE": "준비",
    "JOURNAL": "기록",
    "MARKET": "시장",
    "MODIFY": "정정",
    "NOTE": "메모",
    "ORDER": "주문",
    "PANIC": "비상",
    "RECON": "대사",
    "REFUSED": "거부",
    "REJECT": "거부",
    "RISK": "한도",
    "SENT": "전송",
    "STRAT": "전략",
    "TAPE": "테이프",
    "VENUE": "거래소",
    "WATCH": "관심",
}
STATES = {
    "open": "접수",
    "filled": "체결",
    "canceled": "취소",
    "expired": "만료",
    "rejected": "거부",
    "denied": "거절",
    "staged": "대기",
    "sending": "전송 중",
    "not_placed": "미접수",
    "closed": "마감",
    "halted": "거래정지",
    "auction": "동시호가",
    "vi": "VI 발동",
    "running": "실행",
    "paused": "일시정지",
    "stopped": "정지",
    "failed": "실패",
    "start": "시작",
    "ACTIVE": "정상",
    "REDUCING": "축소만",
    "HALTED": "중단",
    "cancel": "취소",
    "replace": "정정",
}
FRESHNESS = {"live": "실시간", "delayed": "지연", "polled": "조회", "stale": "멈춤", "cached": "저장됨"}
NAMES = {
    "price": "가격",
    "quantity": "수량",
    "stop price": "조건 가격",
    "trail": "추적 폭",
    "keyboard": "키보드",
    "engine": "엔진",
    "signal": "신호",
    "cli": "명령줄",
    "clock": "시계",
    "halt file": "중단 파일",
    "autostart": "자동 시작",
    "all accounts": "모든 계좌",
}
DENIALS = {
    "this instrument is not known here": "이 종목을 알지 못합니다",
    "this account is not connected": "이 계좌는 연결되어 있지 않습니다",
    "nothing is sent: {why}": "주문을 보내지 않았습니다: {why:ko}",
    "trading is HALTED; resume it first": "거래가 중단되었습니다. 먼저 재개하십시오",
    "trading is REDUCING only": "보유를 줄이는 주문만 받습니다",
    "trading is {state}: no automatic orders": "거래 상태 {state:ko}: 자동주문을 받지 않습니다",
    "orders, fills and positions were not read yet": "주문, 체결, 잔고를 아직 읽지 못했습니다",
    "the account is not ready: {why}": "계좌가 준비되지 않았습니다: {why:ko}",
    "the market is {phase}": "장 상태: {phase:ko}",
    "the quantity is not a whole number of lots": "수량이 매매 단위의 배수가 아닙니다",
    "the quantity is too small": "수량이 너무 적습니다",
    "the order is below the venue's minimum value": "거래소의 최소 주문금액보다 적습니다",
    "{price} is off tick": "{price:은} 호가 단위에 맞지 않습니다",
    "a trail of {price} is less than one tick: it would go at the next print": (
        "추적 폭 {price:은} 호가 단위보다 작습니다. 다음 체결에 바로 나갑니다"
    ),
    "the quantity is above the limit": "수량이 한도를 넘습니다",
    "no price or exchange rate to value the order with": "주문금액을 계산할 가격이나 환율이 없습니다",
    "the order's value is above the limit": "주문금액이 한도를 넘습니다",
    "there is no live quote of this instrument": "이 종목의 실시간 시세가 없습니다",
    "the quote is too old": "시세가 너무 오래되었습니다",
    "the quote is newer than the clock": "시세의 시각이 시계보다 앞섭니다",
    "no quote to hold the price against": "가격을 비교할 시세가 없습니다",
    "{price} is {share} through the market at {reference}": "{price:이} 시장가 {reference:을} {share} 벗어납니다",
    "there is not that much to close": "청산할 수량이 부족합니다",
    "there is not that much to sell": "매도할 수량이 부족합니다",
    "no price or exchange rate to value the position with": "보유금액을 계산할 가격이나 환율이 없습니다",
    "the position would be above the limit": "보유금액이 한도를 넘게 됩니다",
    "the same order was sent a moment ago": "같은 주문을 방금 보냈습니다",
    "too many orders in one second": "1초 동안의 주문이 너무 많습니다",
    "too many orders in one minute": "1분 동안의 주문이 너무 많습니다",
    "too many working orders": "미체결 주문이 너무 많습니다",
    "settle the UNKNOWN orders first": "미확인 주문을 먼저 정리하십시오",
    "the cash or the price is not known": "현금이나 가격을 알 수 없습니다",
    "needs {currency} {amount}": "{amount} {currency:이} 필요합니다",
    "today's result cannot be computed: a price is missing": "가격이 없어 오늘 손익을 계산할 수 없습니다",
    "today's loss limit is reached": "오늘의 손실 한도에 도달했습니다",
    "the line to the broker is not up": "증권사와 연결되어 있지 않습니다",
    "the venue takes no orders for it": "거래소가 이 종목의 주문을 받지 않습니다",
    "the clock is wrong or was just set": "시계가 틀리거나 방금 바뀌었습니다",
    "the close before is not known": "전일 종가를 알 수 없습니다",
    "{price} is outside the limits of the day": "{price:이} 오늘의 상하한가를 벗어납니다",
    "no quote to hold own orders against": "자기 주문과 비교할 시세가 없습니다",
    "it would trade with your own order {id}; cancel that first": "자기 주문 {id:과} 체결됩니다. 먼저 취소하십시오",
    "no price or exchange rate to value all positions with": "총 보유금액을 계산할 가격이나 환율이 없습니다",
    "all positions together would be above the limit": "총 보유금액이 한도를 넘게 됩니다",
    "too many instruments are held or asked for": "보유하거나 주문한 종목이 너무 많습니다",
    "too many orders of all accounts in one minute": "1분 동안 모든 계좌의 주문이 너무 많습니다",
    "too many cancels in one minute": "1분 동안의 취소가 너무 많습니다",
    "too many trades today": "오늘 거래가 너무 많습니다",
    "a loss was just taken; wait": "방금 손실이 났습니다. 기다리십시오",
    "today's fall from its best moment is at the limit": "오늘 최고 손익에서 하락한 폭이 한도에 도달했습니다",
    "the rule failed: {error}": "규칙 검사 중 오류: {error}",
    "it waited too long; send it again": "너무 오래 대기했습니다. 다시 보내십시오",
    "the venue filled this order before it was sent; look at it": "보내기 전에 체결되었다는 통보가 있습니다. 확인하십시오",
    "trading is halted by the halt file": "중단 파일 때문에 거래가 멈춰 있습니다",
    "a halt was journalled before the order left": "주문이 나가기 전에 거래 중단이 기록되었습니다",
    "canceled by {who} before it left": "나가기 전에 취소됨 ({who:ko})",
    "{broker} is not connected: nothing was sent": "{broker:이} 연결되지 않아 보내지 않았습니다",
    "its lane was ended before it was sent; send it again if you want it": (
        "보내기 전에 보내는 부분이 끝났습니다. 필요하면 다시 보내십시오"
    ),
    "hoga was restarted before it was sent; send it again if you want it": (
        "보내기 전에 hoga가 다시 시작되었습니다. 필요하면 다시 보내십시오"
    ),
    "{what} (limit {limit}, actual {actual})": "{what:ko} (한도 {limit}, 실제 {actual})",
}
NOTICES = {
    "not modified: {why}": "정정하지 않았습니다: {why:ko}",
    "not closed: {why}": "청산하지 않았습니다: {why:ko}",
    "the order is not working any more": "이미 끝난 주문입니다",
    "there is no position to close": "청산할 보유가 없습니다",
    "working orders already close this position; cancel them first": "이미 청산 주문이 나가 있습니다. 먼저 취소하십시오",
    "less than one lot": "매매 단위보다 적습니다",
    "there is no quote to close at; close at market instead": "청산할 호가가 없습니다. 시장가로 청산하십시오",
    "settled by {who}: not placed": "미접수로 정리됨 ({who:ko})",
    "{instrument} is not closed yet: {why}": "{instrument} 청산이 아직 끝나지 않았습니다: {why:ko}",
    "day loss {loss} reached the limit {limit} {currency}": "오늘 손실 {loss:이} 한도 {limit} {currency}에 도달했습니다",
    "the day fell {fall} from its best, the limit is {limit} {currency}": (
        "오늘 최고 손익에서 {fall} 하락했습니다. 한도 {limit} {currency}"
    ),
    "the clock jumped by {seconds} s": "시계가 {seconds}초 바뀌었습니다",
    "the clock jumped by {seconds} s: no new exposure until it has run straight for a minute": (
        "시계가 {seconds}초 바뀌었습니다. 1분 동안 고르게 갈 때까지 새 주문을 받지 않습니다"
    ),
    "{id} is not canceled: {why}": "{id:을} 취소하지 않았습니다: {why:ko}",
    "still not gone after {rounds} tries: {what}; look at the venue": (
        "{rounds}번 시도했지만 남아 있습니다: {what}. 거래소에서 확인하십시오"
    ),
    "the settings would loosen {names}: the tighter limits stay until `hoga risk accept`": (
        "설정이 {names} 한도를 완화합니다. `hoga risk accept` 전까지 더 엄격한 한도를 유지합니다"
    ),
    "no limit waits to be loosened: write it into [risk] of the settings and start hoga again": (
        "완화를 기다리는 한도가 없습니다. 설정의 [risk]에 쓰고 hoga를 다시 시작하십시오"
    ),
    "nothing was loosened: type {word}": "완화하지 않았습니다. {word:을} 입력하십시오",
    "there is no limit {name}; `hoga risk` lists them": "{name} 한도가 없습니다. `hoga risk`로 확인하십시오",
    "{name} is {value} and can only be tightened here; to loosen it, write it into [risk] of the settings and start hoga again": (
        "{name} 한도는 {value}이며 여기서는 더 엄격하게만 바꿀 수 있습니다. 완화하려면 설정의 [risk]에 쓰고 다시 시작하십시오"
    ),
    "all positions are closed": "모든 보유를 청산했습니다",
    "no answer for {seconds} s": "{seconds}초 동안 응답이 없습니다",
    "no strategy {name}": "{name} 전략이 없습니다",
    "{id}: the venue HAS this order, which is {state} here: cancel it there": (
        "{id}: 여기서는 {state:ko}인 주문이 거래소에 있습니다. 거래소에서 취소하십시오"
    ),
    "{id}: the venue said {what} of an order that is {state}; ignored": (
        "{id}: {state:ko}인 주문에 거래소가 {what:을} 알려 와 무시했습니다"
    ),
    "a broker told {what}, which is not a broker's to tell; ignored": "증권사가 보낼 수 없는 {what} 통보를 무시했습니다",
    "{symbol}: the venue told of {fill} as of order {id}, whose account, market or side is another: it is booked as nobody's": (
        "{symbol}: 거래소가 {fill} 체결을 계좌, 종목 또는 방향이 다른 주문 {id}의 것이라고 알렸습니다. 주인 없는 체결로 반영했습니다"
    ),
    "{id}: a fill of {amount} came while the order was {state}; it is booked": (
        "{id}: {state:ko} 상태에서 {amount} 체결 통보가 와서 반영했습니다"
    ),
    "the venue speaks of an unknown order {id}": "거래소가 모르는 주문 {id:을} 언급했습니다",
    "the line is down": "회선이 끊겼습니다",
    "what is held is not what fills explain; it is looked at again": "보유 수량이 체결로 설명되지 않아 다시 확인합니다",
    "our order {id}, which is {state} here": "여기서는 {state:ko}인 우리 주문 {id}",
    "an order not made here": "여기서 내지 않은 주문",
    "{instrument}: the venue has {what} (its number {number}); look at it there": (
        "{instrument}: 거래소에 {what:ko이} 있습니다 (번호 {number}). 거래소에서 확인하십시오"
    ),
    "{instrument}: the broker holds {amount} more than our fills explain; booked as external": (
        "{instrument}: 증권사 잔고가 체결 기록보다 {amount} 많아 외부 변동으로 반영했습니다"
    ),
    "{id}: the venue no longer lists this order; it stays OPEN here until it is explained": (
        "{id}: 거래소 목록에 이 주문이 없습니다. 사유가 밝혀질 때까지 접수 상태로 둡니다"
    ),
    "the venue has it unchanged": "거래소의 주문은 그대로입니다",
    "the venue never had it: nothing was placed": "거래소에 없던 주문입니다. 접수되지 않았습니다",
    "its own open order is canceled first": "자기 미체결 주문을 먼저 취소합니다",
    "its trading day is over": "거래일이 끝났습니다",
    "it became {state} before the write": "기록 전에 {state:ko} 상태가 되었습니다",
    "canceled before the write": "기록 전에 취소되었습니다",
    "the lane was ended before the write": "기록 전에 보내는 부분이 끝났습니다",
    "its commit or its connection took too long": "기록이나 연결이 너무 오래 걸렸습니다",
    "something else became of it on the way": "그 사이에 다른 일이 되었습니다",
    "halted before the write": "기록 전에 거래가 중단되었습니다",
    "it waited too long; ask again": "너무 오래 대기했습니다. 다시 요청하십시오",
    "stopped at the last moment": "마지막 순간에 멈췄습니다",
    "{why}: nothing was sent": "{why:ko}. 보내지 않았습니다",
    "hoga stopped while this was being sent; asking the venue": "보내는 중에 hoga가 멈췄습니다. 거래소에 확인합니다",
    "{problem}. New orders are refused, cancels work; what happens is kept and written when it can be": (
        "{problem:ko}. 새 주문은 거절하고 취소는 받습니다. 일어난 일은 보관했다가 기록합니다"
    ),
    "{problem}. New orders are refused; cancels, panic and fills go on. Make room: orders then pass again": (
        "{problem:ko}. 새 주문은 거절하고 취소, 비상 정지, 체결은 계속합니다. 공간을 비우면 다시 주문할 수 있습니다"
    ),
    "the journal is written again": "거래 기록을 다시 씁니다",
    "the engine stood still for {seconds} s": "엔진이 {seconds}초 동안 멈췄습니다",
    "hoga stood still for {seconds} s": "hoga가 {seconds}초 동안 멈췄습니다",
    "hoga stood still for {seconds} s: quotes are old, and every account is read anew before anything is sent": (
        "hoga가 {seconds}초 동안 멈췄습니다. 시세는 오래된 것이며, 계좌를 모두 다시 읽은 뒤에야 주문을 보냅니다"
    ),
    "a part of the engine had ended and was started anew: {name}": "엔진의 한 부분이 끝나 다시 시작했습니다: {name}",
    "a part of the engine has not moved for {seconds} s and is started anew: {name}": (
        "엔진의 한 부분이 {seconds}초 동안 움직이지 않아 다시 시작합니다: {name}"
    ),
    "nobody looks any more whether the engine stands still: stop hoga and start it again": (
        "엔진이 멈췄는지 더 이상 아무도 보지 않습니다. hoga를 멈추고 다시 시작하십시오"
    ),
    "the journal has not answered for {seconds} s": "거래 기록이 {seconds}초 동안 응답하지 않습니다",
    "there is room on the disk again": "디스크에 다시 여유가 있습니다",
    "low disk: only {free} MB free, {need} MB are needed": "디스크 부족: {free} MB 남음, {need} MB 필요",
    "the disk was full: what was kept back for cancels is in use, {free} MB are free, and to keep {size} MB back again takes {need} MB": (
        "디스크가 찼습니다. 취소를 위해 남겨 둔 공간을 쓰는 중입니다. {free} MB 남음, 다시 {size} MB를 남겨 두려면 {need} MB 필요"
    ),
    "{free} MB of disk are free, and to keep {size} MB back for cancels takes {need} MB": (
        "디스크 {free} MB 남음. 취소를 위해 {size} MB를 남겨 두려면 {need} MB 필요"
    ),
    "no room can be kept back for cancels: {why}": "취소를 위한 공간을 남겨 둘 수 없습니다: {why}",
    "{problem}; orders want {need} MB": "{problem:ko}. 주문에는 {need} MB 필요",
    "found the halt file": "중단 파일을 발견했습니다",
    "{broker}: not subscribed: {error}": "{broker}: 시세를 신청하지 못했습니다: {error}",
    "the tape has ended after {count} events": "테이프가 {count}건으로 끝났습니다",
    "{count} UNKNOWN": "미확인 {count}건",
    "panic": "비상",
    "resumed": "재개",
}
RECEIPTS = {
    "it came too late: nothing was sent": "너무 늦게 도착하여 아무것도 보내지 않았습니다",
    "hoga has stopped: nothing was done": "hoga가 종료되어 아무것도 하지 않았습니다",
    "hoga is being stopped": "hoga를 종료하는 중입니다",
    "this console reads only: another hoga writes the journal": "읽기 전용 화면입니다. 다른 hoga가 기록하고 있습니다",
    "there is no account {account}; there are: {accounts}": "{account} 계좌가 없습니다. 있는 계좌: {accounts}",
    "only the clock may say that": "시계만 내릴 수 있는 명령입니다",
    "{id} is {state}: there is nothing to settle": "{id}: {state:ko} 상태라 정리할 것이 없습니다",
    "already sent: {id}": "이미 보냈습니다: {id}",
    "there is no such order": "그런 주문이 없습니다",
    "{id} has ended: {state}": "{id}: 이미 끝난 주문입니다 ({state:ko})",
    "there is no strategy {name}; there are: {names}": "{name} 전략이 없습니다. 있는 전략: {names:ko}",
    "none are configured": "설정된 전략 없음",
    "{count} orders are being canceled": "{count}건을 취소하고 있습니다",
    "nothing to cancel": "취소할 주문이 없습니다",
    "{id} is being canceled": "{id} 취소를 보냈습니다",
    "{id} is being changed": "{id} 정정을 보냈습니다",
    "{what} taken": "접수: {what}",
    "taken": "접수했습니다",
    "none runs": "실행 중인 엔진이 없음",
    "the one that made it has died": "만든 엔진이 죽었음",
    "something holds it but says nothing": "잡고 있지만 응답이 없음",
    "the engine closed the line: {why}": "엔진이 연결을 닫았습니다: {why:ko}",
    "the engine closed the line: it was stopped or it died. Start one with `hoga engine start`.": (
        "엔진이 연결을 닫았습니다. 종료되었거나 죽었습니다. `hoga engine start`로 시작하십시오."
    ),
    "{why}. What was asked may have been done: look at `hoga orders` before asking again.": (
        "{why:ko}. 요청이 실행되었을 수 있으니 다시 요청하기 전에 `hoga orders`를 보십시오."
    ),
    "the engine went away ({why})": "엔진이 사라졌습니다 ({why})",
    "the line to the engine broke ({why})": "엔진과의 연결이 끊겼습니다 ({why})",
    "the engine's answer cannot be read ({why})": "엔진의 응답을 읽을 수 없습니다 ({why})",
    "that is too long to send to the engine": "너무 길어 엔진에 보낼 수 없습니다",
    "the engine did not answer within {seconds} s. What was asked may have been done: look at `hoga orders` before "
    "asking again.": (
        "엔진이 {seconds}초 안에 응답하지 않았습니다. 요청이 실행되었을 수 있으니 다시 요청하기 전에 `hoga orders`를 보십시오."
    ),
}
CAUTIONS = {
    "UNKNOWN order in this symbol": "이 종목에 미확인 주문이 있음",
    "same order again: {seconds}s ago": "같은 주문 반복: {seconds}초 전",
    "stop out of reach today: {price}, limits {low} to {high}": "오늘 닿을 수 없는 손절가: {price}, 제한폭 {low}~{high}",
    "turns the position: {held} held": "보유 방향이 바뀜: 보유 {held}",
    "value unknown": "주문금액을 알 수 없음",
    "large value: {value} > {limit}": "큰 금액: {value} > {limit}",
    "share of NAV unknown": "자산 대비 비중을 알 수 없음",
    "large share of NAV: {share} > {limit}": "자산 대비 큰 비중: {share} > {limit}",
    "unusual size: {factor}x the usual": "평소와 다른 수량: 평소의 {factor}배",
    "far price: {distance} from {price}": "먼 가격: {price}에서 {distance}",
    "far price: {ticks} ticks from {price}": "먼 가격: {price}에서 {ticks}틱",
    "market not open: {phase}": "장이 열려 있지 않음: {phase:ko}",
    "outside the day's band: {low} to {high}": "상하한가 밖: {low} ~ {high}",
    "price band unknown": "상하한가를 알 수 없음",
    "no price to judge it by": "판단할 가격이 없음",
    "no quote": "시세 없음",
    "old quote: {seconds}s": "오래된 시세: {seconds}초",
    "quote not live: {freshness}": "실시간 시세가 아님: {freshness:ko}",
    "buying power below zero: {amount}": "주문가능금액이 0보다 적음: {amount}",
    "buying power unknown": "주문가능금액을 알 수 없음",
    "{what} unknown: {error}": "{what:ko}: 알 수 없음 ({error})",
}
STRATEGIES = {
    "trading {state}": "거래 {state:ko}",
    "market {phase}": "장 {phase:ko}",
    "at target": "목표 도달",
    "target {target} is not between -1 and 1": "목표 {target:이} -1과 1 사이가 아닙니다",
    "the strategy's size is {size}: give it one above zero": "전략의 크기가 {size}입니다. 0보다 크게 정하십시오",
    "{quantity} is less than one lot": "{quantity:은} 매매 단위보다 적습니다",
    "another hand closed {amount} of its {held}": "그 보유 {held} 중 {amount:을} 다른 주문이 청산했습니다",
    "no {side} to trade against": "상대 호가가 없습니다 ({side})",
    "the bid {price} is below one tick": "매수호가 {price:이} 한 틱보다 낮습니다",
    "{quantity} is below the smallest order, {least}": "{quantity:은} 최소 주문 수량 {least}보다 적습니다",
    "{quantity} at {price} is below the smallest order value, {least}": (
        "{price}에 {quantity:은} 최소 주문금액 {least}보다 적습니다"
    ),
    "{have}/{need} bars": "{have}/{need} 봉",
    "rsi{period} warming up": "rsi{period} 준비 중",
    "bollinger{period} warming up": "bollinger{period} 준비 중",
}
LOG = {
    "BUY {what}": "매수 {what}",
    "SELL {what}": "매도 {what}",
    "ORDER {id} BUY {what}": "주문 {id} 매수 {what}",
    "ORDER {id} SELL {what}": "주문 {id} 매도 {what}",
    "SENT {id} BUY {what}": "전송 {id} 매수 {what}",
    "SENT {id} SELL {what}": "전송 {id} 매도 {what}",
    "FILL BUY {what}": "체결 매수 {what}",
    "FILL SELL {what}": "체결 매도 {what}",
    "FILL {id} BUY {what}": "체결 {id} 매수 {what}",
    "FILL {id} SELL {what}": "체결 {id} 매도 {what}",
    "DENY {id} {order}: {rule}: {why}": "거절 {id} {order:ko}: {rule:ko}: {why:ko}",
    "REJECT {id} {order}: {why}": "거부 {id} {order:ko}: {why}",
    "UNKNOWN {id} {order}: {why}": "미확인 {id} {order:ko}: {why:ko}",
    "UNKNOWN {id} {order}: {wish} got no answer ({why})": "미확인 {id} {order:ko}: {wish:ko} 응답 없음 ({why:ko})",
    "ABSENT {id} {order}: {why}": "미접수 {id} {order:ko}: {why:ko}",
    "CANCEL {id} {order}: {why}": "취소 {id} {order:ko}: {why:ko}",
    "CANCEL {id} {order}": "취소 {id} {order:ko}",
    "EXPIRE {id} {order}: {why}": "만료 {id} {order:ko}: {why:ko}",
    "EXPIRE {id} {order}": "만료 {id} {order:ko}",
    "MODIFY {id} now {quantity} @{price}": "정정 {id} → {quantity} @{price}",
    "MODIFY {id} now {quantity}": "정정 {id} → {quantity}",
    "ADJUST {name} {quantity} not explained by fills ({cause})": "조정 {name} {quantity}: 체결로 설명되지 않음 ({cause})",
    "STATE {who} {state} by {by}: {why}": "상태 {who:ko} {state:ko} ({by:ko}): {why:ko}",
    "STATE {who} {state} by {by}": "상태 {who:ko} {state:ko} ({by:ko})",
    "STRAT {name} {state} by {by}: {why}": "전략 {name} {state:ko} ({by:ko}): {why:ko}",
    "STRAT {name} {state} by {by}": "전략 {name} {state:ko} ({by:ko})",
    "FEED {broker} connected": "시세 {broker} 연결됨",
    "FEED {broker} connected {why}": "시세 {broker} 연결됨 {why:ko}",
    "FEED {broker} DOWN {why}": "시세 {broker} 끊김 {why:ko}",
    "FEED {broker} DOWN": "시세 {broker} 끊김",
    "GATE {account} ready for orders": "준비 {account} 주문 가능",
    "GATE {account} closed for new orders: {why}": "준비 {account} 새 주문 불가: {why:ko}",
    "MARKET {what} open": "시장 {what} 개장",
    "MARKET {what} {phase}": "시장 {what} {phase:ko}",
    "DAY {account} trading day {day}": "당일 {account} 거래일 {day}",
    "REFUSED {id} {why}": "거부 {id} {why:ko}",
}
_TYPES = {
    "LMT": "지정가",
    "MKT": "시장가",
    "STP": "역지정",
    "STL": "역지정가",
    "TRL": "추적",
    "MOC": "종가",
    "LOC": "종가지정",
}
_SIDES = {"BUY": "매수", "SELL": "매도"}
ORDERS = {
    f"{side} {{what}} {type} {{terms}}": f"{korean} {{what}} {word} {{terms}}"
    for side, korean in _SIDES.items()
    for type, word in _TYPES.items()
}
REFUSALS = {f"{rule}: {{why}}": f"{korean}: {{why:ko}}" for rule, korean in RULES.items()}
TOLD = {f"{kind} {{text}}": f"{korean} {{text:ko}}" for kind, korean in KINDS.items()}
"""A receipt names the rule, a message line the kind, before the sentence itself."""

GROUPS = (
    RULES,
    KINDS,
    STATES,
    FRESHNESS,
    NAMES,
    DENIALS,
    NOTICES,
    RECEIPTS,
    CAUTIONS,
    STRATEGIES,
    LOG,
    ORDERS,
    REFUSALS,
    TOLD,
)
