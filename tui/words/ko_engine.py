"""Korean for sentences that the engine makes: refusals, notices, receipts, faults of an order line. They stay English
in core and on disk; the screen finds them by their templates."""

from __future__ import annotations

RULES = {
    "account": "계좌",
    "broker": "증권사",
    "buying power": "주문가능금액",
    "canceled": "취소",
    "daily loss": "일일 손실",
    "duplicate": "중복 주문",
    "gate": "계좌 준비",
    "halted": "거래정지",
    "holdings": "보유 수량",
    "instrument": "종목",
    "journal": "거래 기록",
    "lot": "매매 단위",
    "max position": "최대 보유금액",
    "max quantity": "최대 수량",
    "max value": "최대 주문금액",
    "min quantity": "최소 수량",
    "min value": "최소 주문금액",
    "open orders": "미체결 주문 수",
    "order rate": "주문 빈도",
    "paused": "일시정지",
    "prepare": "주문 준비",
    "price collar": "가격 범위",
    "reduce only": "청산 전용",
    "reducing": "축소만 가능",
    "session": "장 시간",
    "stale quote": "지연 시세",
    "tick": "호가 단위",
    "unknown orders": "미확인 주문",
    "unsupported": "지원 안 됨",
}
KINDS = {
    "ABSENT": "미접수",
    "ADJUST": "조정",
    "CANCEL": "취소",
    "DENY": "거절",
    "DISK": "디스크",
    "EXPIRE": "만료",
    "FEED": "시세",
    "FILL": "체결",
    "FLAT": "청산",
    "GATE": "준비",
    "JOURNAL": "기록",
    "MARKET": "시장",
    "MODIFY": "정정",
    "ORDER": "주문",
    "RECON": "대사",
    "REFUSED": "거부",
    "REJECT": "거부",
    "RISK": "위험",
    "SENT": "전송",
    "STRAT": "전략",
    "TAPE": "테이프",
    "VENUE": "거래소",
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
    "pre": "장전",
    "post": "장후",
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
    "the rule failed: {error}": "규칙 검사 중 오류: {error}",
    "it waited too long; send it again": "너무 오래 대기했습니다. 다시 보내십시오",
    "the venue filled this order before it was sent; look at it": "보내기 전에 체결되었다는 통보가 있습니다. 확인하십시오",
    "trading is halted by the halt file": "중단 파일 때문에 거래가 멈춰 있습니다",
    "a halt was journalled before the order left": "주문이 나가기 전에 거래 중단이 기록되었습니다",
    "canceled by {who} before it left": "나가기 전에 취소됨 ({who:ko})",
    "{broker} is not connected: nothing was sent": "{broker:이} 연결되지 않아 보내지 않았습니다",
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
    "{id}: a fill of {amount} came while the order was {state}; it is booked": (
        "{id}: {state:ko} 상태에서 {amount} 체결 통보가 와서 반영했습니다"
    ),
    "the venue speaks of an unknown order {id}": "거래소가 모르는 주문 {id:을} 언급했습니다",
    "the line is down": "회선이 끊겼습니다",
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
    "halted before the write": "기록 전에 거래가 중단되었습니다",
    "it waited too long; ask again": "너무 오래 대기했습니다. 다시 요청하십시오",
    "stopped at the last moment": "마지막 순간에 멈췄습니다",
    "{why}: nothing was sent": "{why:ko}. 보내지 않았습니다",
    "hoga stopped while this was being sent; asking the venue": "보내는 중에 hoga가 멈췄습니다. 거래소에 확인합니다",
    "{problem}. New orders are refused, cancels work; what happens is kept and written when it can be": (
        "{problem:ko}. 새 주문은 거절하고 취소는 받습니다. 일어난 일은 보관했다가 기록합니다"
    ),
    "{problem}. New orders are refused, cancels work; make room": (
        "{problem:ko}. 새 주문은 거절하고 취소는 받습니다. 공간을 비우십시오"
    ),
    "the journal is written again": "거래 기록을 다시 씁니다",
    "there is room on the disk again": "디스크에 다시 여유가 있습니다",
    "found the halt file": "중단 파일을 발견했습니다",
    "{broker}: not subscribed: {error}": "{broker}: 시세를 신청하지 못했습니다: {error}",
    "the tape has ended after {count} events": "테이프가 {count}건으로 끝났습니다",
    "{count} UNKNOWN": "미확인 {count}건",
    "panic": "비상",
    "resumed": "재개",
}
RECEIPTS = {
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
    "{what} taken": "접수: {what}",
    "taken": "접수했습니다",
    "the engine closed the line: {why}": "엔진이 연결을 닫았습니다: {why:ko}",
    "the engine closed the line: it was stopped or it died. Start one with `hoga run`.": (
        "엔진이 연결을 닫았습니다. 종료되었거나 죽었습니다. `hoga run`으로 시작하십시오."
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
LINES = {
    "nothing is written: b 10 005930 @71000 buys, s sells, x closes, c cancels": (
        "비어 있습니다: b 10 005930 @71000 매수, s 매도, x 청산, c 취소"
    ),
    "the figures cannot be used: {why}": "쓸 수 없는 숫자입니다: {why}",
    "how many? write 10, 0.05, ₩5m, 25% or all": "수량을 쓰십시오: 10, 0.05, 500만원, 25%, 전부",
    "that part of {quantity} {code} is less than one lot": "{code} {quantity} 중 그만큼은 매매 단위보다 적습니다",
    "{word} sizes by a stop loss (sl=), which is not possible yet: write a quantity": (
        "{word:은} 손절(sl=) 기준이라 아직 쓸 수 없습니다. 수량을 쓰십시오"
    ),
    "{word} is {currency}, but {code} costs {wanted}: {hint}": "{word:은} {currency}인데 {code:은} {wanted} 종목입니다: {hint:ko}",
    "write {currency}5m": "{currency}5m처럼 쓰십시오",
    "write units or a percentage": "수량이나 비율을 쓰십시오",
    "{value} is not a whole number of lots of {lot}": "{value:은} 매매 단위 {lot}의 배수가 아닙니다",
    "the line is too long ({count} characters, at most {most})": "줄이 너무 깁니다 ({count}자, 최대 {most}자)",
    "an invisible character stands at place {place}: delete it": "{place}번째에 보이지 않는 글자가 있습니다. 지우십시오",
    "{word}: {name} may be several accounts: {accounts}": "{word}: {name} 계좌가 여럿입니다: {accounts}",
    "{word}: {name} is not an account: {accounts}": "{word}: {name:은} 계좌가 아닙니다: {accounts}",
    "this can be read in several ways: {ways}": "여러 뜻으로 읽힙니다: {ways}",
    "six digits are always a code, and here are two: write {one} or {other}": (
        "여섯 자리 숫자는 늘 종목코드인데 둘입니다: {one} 또는 {other:으로} 쓰십시오"
    ),
    "{word} is neither a quantity nor an instrument: write 10, 25% or all": (
        "{word:은} 수량도 종목도 아닙니다: 10, 25%, 전부처럼 쓰십시오"
    ),
    "{word}: one quantity and one symbol, please": "{word}: 수량 하나와 종목 하나를 쓰십시오",
    "which instrument? none is selected: write its code": "종목을 고르지 않았습니다. 종목코드를 쓰십시오",
    "no instrument fits {word}: use its code (005930, AAPL, KRW-BTC), its name, or . for the selected one": (
        "{word}에 맞는 종목이 없습니다: 코드(005930, AAPL, KRW-BTC), 이름, 고른 종목은 ."
    ),
    "no instrument fits {word}: use its code, as in 005930, or market:code": (
        "{word}에 맞는 종목이 없습니다: 005930 같은 코드나 시장:코드를 쓰십시오"
    ),
    "{word} may mean {names}": "{word:은} 여럿입니다: {names}",
    "{word} may mean {names}: write the code": "{word:은} 여럿입니다: {names}. 코드를 쓰십시오",
    "{name} must be a finite number, not {value}": "{name:ko은} 유한한 수여야 합니다 ({value})",
    "{name} is out of range (beyond 10^{high} or finer than 10^-{low})": "{name:ko이} 범위를 벗어납니다 (10^{high}, 10^-{low})",
    "{name} must be above zero, not {value}": "{name:ko은} 0보다 커야 합니다 ({value})",
    "{name} is too long to be a number ({count} characters)": "{name:ko이} 숫자로는 너무 깁니다 ({count}자)",
    "{name} is not a number: {text}": "{name:ko이} 숫자가 아닙니다: {text}",
    "fraction must be above 0 and at most 1": "비율은 0보다 크고 1 이하여야 합니다",
    "a {type} order needs a {name}": "{type} 주문에는 {name:ko이} 필요합니다",
    "a {type} order takes no {name}": "{type} 주문에는 {name:ko을} 쓰지 않습니다",
    "not a market: {text}": "시장이 아닙니다: {text}",
    "not an instrument code: {text} (A-Z 0-9 . - / _, at most 24 characters)": (
        "종목코드가 아닙니다: {text} (A-Z 0-9 . - / _, 최대 24자)"
    ),
    "not an instrument: {text} (expected market:code)": "종목이 아닙니다: {text} (시장:코드)",
    "not an account: {text} (expected broker:account)": "계좌가 아닙니다: {text} (증권사:계좌)",
    "not a client order id: {text} (h and 25 characters a-z 2-7)": "주문번호가 아닙니다: {text} (h와 a-z 2-7 25자)",
}
STRATEGIES = {
    "at target": "목표 도달",
    "target {target} is not between -1 and 1": "목표 {target:이} -1과 1 사이가 아닙니다",
    "the strategy's size is {size}: give it one above zero": "전략의 크기가 {size}입니다. 0보다 크게 정하십시오",
    "{quantity} is less than one lot": "{quantity:은} 매매 단위보다 적습니다",
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
REFUSALS = {f"{rule}: {{why}}": f"{korean}: {{why:ko}}" for rule, korean in RULES.items()}
TOLD = {f"{kind} {{text}}": f"{korean} {{text:ko}}" for kind, korean in KINDS.items()}
"""A receipt names the rule, a message line the kind, before the sentence itself."""

GROUPS = (RULES, KINDS, STATES, NAMES, DENIALS, NOTICES, RECEIPTS, LINES, STRATEGIES, LOG, REFUSALS, TOLD)
