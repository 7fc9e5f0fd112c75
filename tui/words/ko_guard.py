"""Korean for what guards real money: the lock of a start, the name that is typed, an engine that nobody watches."""

from __future__ import annotations

GUARD = {
    "real money is locked since the start: type :unlock and its name's end": (
        "시작 후 실계좌가 잠겨 있습니다. :unlock 과 계좌 끝자리를 입력하십시오"
    ),
    "{what}: real money asks for the end of the name of {name}": (
        "{what:ko}. 실계좌는 {name} 계좌의 끝자리를 입력해야 합니다"
    ),
    "one of {names}": "{names} 중 하나",
    "nothing was unlocked": "잠금을 풀지 않았습니다",
    "nothing was changed": "바꾸지 않았습니다",
    "no position was closed and no order canceled": "청산도 취소도 하지 않았습니다",
    "LOCK {account} unlocked by {who}: new exposure may be taken": "잠금 {account} 잠금 해제 ({who:ko}): 새 포지션 가능",
    "{account} unlocked by {who}: new exposure may be taken": "{account} 잠금 해제 ({who:ko}): 새 포지션 가능",
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
GROUPS = (GUARD, HANGS, RECON)
