"""Korean for what guards real money: the lock of a start, the name that is typed, an engine that nobody watches."""

from __future__ import annotations

GUARD = {
    "real money is locked since the start: type :unlock and its name's end": (
        "시작 후 실계좌가 잠겨 있습니다. :unlock 과 계좌 끝자리를 입력하십시오"
    ),
    "{what}: real money asks for the end of the name of {name}": (
        "{what:ko}. 실계좌는 {name} 계좌의 끝자리를 입력해야 합니다"
    ),
    "this lets all accounts trade real money again: resume and the end of each account's name": (
        "모든 실계좌가 다시 거래합니다: resume 과 각 계좌의 끝자리를 쓰십시오"
    ),
    "nothing was loosened: real money asks for the end of the name of {names}": (
        "완화하지 않았습니다. 실계좌는 {names} 계좌의 끝자리를 입력해야 합니다"
    ),
    "nothing was loosened: no account is known yet; ask again once it was read": (
        "완화하지 않았습니다. 아직 알려진 계좌가 없으니 조회한 뒤 다시 하십시오"
    ),
    "nothing was unlocked": "잠금을 풀지 않았습니다",
    "nothing was changed": "바꾸지 않았습니다",
    "still open: {names}, whose name's end was not typed": "보유 그대로: {names} (계좌 끝자리를 입력하지 않음)",
    "{left}; closing {names}": "{left:ko}, 청산 중: {names}",
    "{account} (all of {name})": "{account} (전체 이름 {name})",
    "{left}. Trading is stopped, {what} are being canceled": "{left:ko}. 거래를 멈추고 {what:ko을} 취소하고 있습니다",
    "nothing is closed: no account is known yet": "청산 안 함: 아직 알려진 계좌가 없습니다",
    "stopped: no automatic orders, only reducing ones pass, {what}": "멈춤: 자동주문 없음, 축소만 허용, {what:ko}",
    "{what} are being canceled": "{what:ko을} 취소하고 있습니다",
    "everything is being canceled and positions closed": "모두 취소하고 보유를 청산하고 있습니다",
    "entry orders": "진입 주문",
    "all orders": "모든 주문",
    "all positions of {account} are closed": "{account} 계좌의 보유를 모두 청산했습니다",
    "positions of play money are closed, as was asked; not those of {names}": (
        "요청대로 모의 계좌의 보유만 청산합니다. {names} 계좌는 청산하지 않습니다"
    ),
    "closes what is named": "입력한 계좌 청산",
    "else it only stops": "아니면 멈추기만 함",
    "{account} unlocked by {who}: new exposure may be taken": "{account} 잠금 해제 ({who:ko}): 새 포지션 가능",
    "locked, :unlock opens": "잠김, :unlock 으로 해제",
    "{account} is not locked": "{account} 계좌는 잠겨 있지 않습니다",
    "{account} unlocked": "{account} 잠금 해제",
    "write unlock and the end of the account's name: real money may then take new exposure": (
        "unlock 과 계좌 끝자리를 쓰십시오. 그러면 실계좌로 새 포지션을 잡을 수 있습니다"
    ),
    "let real money take new exposure: unlock and the end of the account's name": (
        "실계좌의 새 포지션 허용: unlock 과 계좌 끝자리"
    ),
}
HANGS = {
    "the engine does not answer since {time}: figures stand still, only a panic is sent": (
        "{time}부터 엔진이 응답하지 않습니다. 숫자가 멈췄고 비상 정지만 보낼 수 있습니다"
    ),
    "the engine does not answer: nothing was sent. `hoga panic` in another terminal stops it all the same": (
        "엔진이 응답하지 않아 보내지 않았습니다. 다른 터미널의 `hoga panic`은 그래도 멈춥니다"
    ),
    "it does not answer": "응답이 없음",
    "no console answered for {minutes} min": "{minutes}분 동안 응답한 화면이 없음",
    "no console answered for {minutes} min: since then trading is REDUCING; :resume opens again": (
        "{minutes}분 동안 응답한 화면이 없어 보유 축소만 허용했습니다. :resume 으로 재개"
    ),
    "dead man": "부재 감시",
}
RECON = {
    "the broker sealed another order": "증권사 모듈이 다른 주문을 봉인했습니다",
    "all was read": "모두 조회했습니다",
    "may be ours": "우리 주문일 수 있음",
    "still there": "아직 있음",
    "taken for ours by inference; nothing automatic cancels it": (
        "우리 주문으로 추정했습니다. 자동으로 취소하지 않습니다"
    ),
    "nothing of {instrument} waits to be acknowledged there": "{instrument}: 확인을 기다리는 것이 없습니다",
    "the venue's orders were not listed yet: what is new could not be told apart": (
        "아직 거래소 주문을 조회하지 않아 새 주문을 구별할 수 없습니다"
    ),
    "{ref} is the number of {id} already": "{ref:은} 이미 {id}의 주문번호입니다",
    "{missing}; nothing new is sent until it is read": "{missing}. 조회할 때까지 새 주문을 보내지 않습니다",
    "{id}: this venue could not tell the two apart; settle it first": (
        "{id}: 거래소가 두 주문을 구별할 수 없습니다. 먼저 정리하십시오"
    ),
    "{id}, and may be a close already: confirm to close all the same": (
        "{id}. 이미 청산 주문일 수 있습니다. 그래도 청산하려면 확인하십시오"
    ),
}
SCREEN = {
    "Reconcile": "대사",
    "Limits": "한도",
    "WHAT": "구분",
    "AT": "시각",
    "OURS": "여기",
    "MEANS": "뜻",
    "KEY": "키",
    "LIMIT": "한도",
    "USE": "사용",
    "USED": "사용량",
    "OF": "한도값",
    "WAITS": "대기",
    "candidate": "후보",
    "inferred": "추정",
    "unexplained": "설명 안됨",
    "holding": "보유",
    "odd": "이상",
    "no difference": "차이 없음",
    "not known": "알 수 없음",
    "no loss yet": "손실 없음",
    "{seconds} s ago": "{seconds}초 전",
    "no account was read yet": "아직 조회한 계좌가 없습니다",
    "read {time}": "조회 {time}",
    "{count} to look at": "확인할 것 {count}건",
    "{count} near": "근접 {count}건",
    ":limit NAME VALUE tightens": ":limit 이름 값 으로 조임",
    "leave it UNKNOWN": "미확인으로 둠",
    "past UNKNOWN {ids}, as if it lived": "미확인 {ids:은} 살아 있는 것으로 보고 청산",
    "D: the venue never had it. One below may be it: go there and press o": (
        "D: 거래소에 없던 주문. 아래 후보가 맞으면 그 줄에서 o"
    ),
    "o: this one is ours": "o: 이것이 우리 주문",
    "E: I have looked, strategies may trade it again": "E: 확인했음, 전략이 다시 거래해도 됨",
    "{id} is the venue's {ref}": "{id:은} 거래소의 {ref} 주문",
    "{id} was never placed": "{id:은} 접수되지 않음",
    "{code}: looked at, strategies may trade it again": "{code}: 확인했음, 전략이 다시 거래해도 됨",
    "o says that a candidate is ours: move to one below an UNKNOWN order": (
        "o 는 후보가 우리 주문이라는 뜻입니다. 미확인 주문 아래의 후보로 가십시오"
    ),
    "D says that an UNKNOWN order was never placed: move to one": (
        "D 는 미확인 주문이 접수되지 않았다는 뜻입니다. 미확인 주문으로 가십시오"
    ),
    "E is for a holding that our fills do not explain: move to one": (
        "E 는 체결로 설명되지 않는 보유를 확인하는 키입니다. 그 줄로 가십시오"
    ),
    "This candidate is our UNKNOWN order: type its symbol, then Enter": "이 후보가 우리 미확인 주문: 종목 입력 후 Enter",
    "This UNKNOWN order was never placed: type its symbol, then Enter": "이 미확인 주문은 미접수: 종목 입력 후 Enter",
    "I have looked at what our fills do not explain (Enter confirms)": "체결로 설명되지 않는 보유를 확인함 (Enter 확정)",
    "ours": "우리 것",
    "not placed": "미접수",
    "looked": "확인",
    "Settle it, once the symbol was typed": "종목을 입력했으면 정리",
    "Leave it UNKNOWN": "미확인으로 둠",
    "settle": "정리",
    "ours against the venue's, and what only you can decide": "여기와 거래소의 차이, 사람만 정할 수 있는 것",
    "the limits with what is used of them": "한도와 사용량",
}
TOLD = {
    "{orders} live orders, {fills} fills, {positions} positions": "주문 {orders}, 체결 {fills}, 보유 {positions}",
    "taken {late} s from our send": "우리 전송에서 {late}초",
    "the answer is lost: the venue is asked until it tells": "응답을 잃었습니다. 알 때까지 거래소에 묻습니다",
    "not explained by our fills ({cause}); strategies leave it alone": (
        "체결로 설명되지 않음 ({cause}). 전략은 거래하지 않습니다"
    ),
    "moved since it was read, or still to be explained; the next reading tells": (
        "조회 뒤에 움직였거나 아직 설명되지 않음. 다음 조회에서 알 수 있습니다"
    ),
    "not read yet: nothing new is sent": "아직 조회하지 않아 새 주문을 보내지 않습니다",
}
COMPOSED = {
    "Go to the reconcile": "대사로",
    "Go to the limits": "한도로",
    "LOCK {account} unlocked by {who}: new exposure may be taken": "잠금 {account} 잠금 해제 ({who:ko}): 새 포지션 가능",
    "taken {late} s from our send, by {way}": "우리 전송에서 {late}초, 경로 {way}",
    "{orders} orders, {fills} fills, {positions} positions, {cash} cash": (
        "주문 {orders}, 체결 {fills}, 보유 {positions}, 현금 {cash}"
    ),
    "max_order_quantity": "주문 수량",
    "max_order_value": "주문 금액",
    "max_position_value": "종목 보유금액",
    "max_gross_value": "총 보유금액",
    "max_holdings": "보유 종목 수",
    "price_collar": "가격 이탈 (주식)",
    "price_collar_index": "가격 이탈 (지수)",
    "price_collar_crypto": "가격 이탈 (코인)",
    "max_quote_age_seconds": "시세 경과 초",
    "max_clock_offset_seconds": "시계 오차 초",
    "forbid_self_cross": "자전거래 금지",
    "duplicate_window_seconds": "중복 주문 간격 초",
    "max_orders_per_second": "초당 주문",
    "max_orders_per_minute": "분당 주문",
    "max_orders_per_minute_all": "분당 주문 (전체)",
    "max_cancels_per_minute": "분당 취소",
    "max_trades_per_day": "하루 거래",
    "loss_cooldown_seconds": "손실 뒤 대기 초",
    "max_open_orders": "미체결 주문",
    "max_unknown_orders": "미확인 주문 수",
    "daily_loss": "일일 손실",
    "max_drawdown": "당일 하락",
}
GROUPS = (GUARD, HANGS, RECON, SCREEN, TOLD)
