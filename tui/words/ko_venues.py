"""Korean for what brokers say of their lines and their venues. They speak English, and the screen finds their sentences
by these templates."""

from __future__ import annotations

LINES = {
    "quotations": "시세 조회",
    "{broker} asked for silence: {seconds} s left, nothing was sent": (
        "{broker:이} 요청을 쉬라고 했습니다: {seconds}초 남음, 보내지 않았습니다"
    ),
    "no data for {seconds} s": "{seconds}초 동안 데이터 없음",
    "HTTP {status} at the door": "접속 거절 (HTTP {status})",
    "the line broke ({why})": "회선이 끊겼습니다 ({why})",
    "no answer in time": "제시간에 응답 없음",
    "an answer without end": "끝나지 않는 응답",
}
UPBIT = {
    "upbit: the stream says {why}": "업비트 스트림 오류: {why}",
    "upbit shut us out until {time} UTC: nothing is asked before": (
        "업비트가 {time} UTC까지 요청을 막았습니다. 그때까지 아무것도 묻지 않습니다"
    ),
    "upbit sent what cannot be read ({count} so far)": "업비트가 읽을 수 없는 것을 보냈습니다 (지금까지 {count}건)",
    "upbit: no quotes ({why}); reconnecting": "업비트 시세가 끊겼습니다 ({why:ko}). 다시 연결합니다",
    "{symbol}: upbit warns: {flags}": "{symbol}: 업비트 시장경보: {flags}",
    "{symbol}: upbit no longer lists it": "{symbol}: 업비트에서 거래지원이 끝났습니다",
    "{order}: upbit kept it from meeting another order of ours": "{order}: 업비트가 내 주문끼리의 체결을 막았습니다",
    "canceled to be replaced, and the new one was not placed": "정정하려고 취소되었고, 새 주문은 들어가지 않았습니다",
    "{order}: part of it filled on the way of the change, which would make {sum} instead of {wanted}: the rest is canceled": (
        "{order}: 정정하는 사이에 일부가 체결되어 모두 {sum} (원한 수량 {wanted}). 나머지는 취소합니다"
    ),
    "the price of {code} is not known now, and another size might trade at once: nothing was sent; try again": (
        "{code} 현재가를 아직 몰라 수량을 바꾸면 곧바로 체결될 수 있습니다. 보내지 않았습니다. 다시 시도하십시오"
    ),
    "upbit would trade the new size at once, with what filled meanwhile on top: nothing was sent; change the price "
    "alone, or cancel it and send what is left": (
        "바꾼 수량이 곧바로 체결되면 그사이 체결된 수량이 더해집니다. 보내지 않았습니다. 가격만 정정하거나, 취소하고 "
        "남은 수량을 다시 주문하십시오"
    ),
    "{symbol}: prints after {time} UTC are missing: {why}": "{symbol}: {time} UTC 이후의 체결이 빠져 있습니다: {why:ko}",
}
GROUPS = (LINES, UPBIT)
