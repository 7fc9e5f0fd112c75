"""Korean for what legs say: stops, take profits, and exits that wait for them."""

from __future__ import annotations

NAMES = {
    "LEGS": "보호",
    "above": "위",
    "below": "아래",
    "legs": "손절·익절",
    "long": "매수",
    "short": "매도",
    "stop side": "손절 방향",
    "stop loss": "손절",
    "take profit": "익절",
    "was canceled": "취소됨",
    "was refused too often": "거듭 거절됨",
}
LEGS = {
    "the stop {id} holds it: x closes, c cancels the stop": "손절 {id:이} 잡고 있습니다: x 청산, c 손절 취소",
    "an order that only closes has no legs of its own; protect with p": "청산 주문에는 손절·익절이 없습니다: p 보호",
    "a sale here only closes, so it has no legs": "보유분 매도는 청산이므로 손절·익절이 없습니다",
    "no price to hold stop loss and take profit against": "손절·익절을 비교할 가격이 없습니다",
    "the {name} of a {side} must be {where} {edge}, and is {price}": (
        "{side:ko} 포지션의 {name:ko은} {edge}보다 {where:ko}여야 합니다 (입력 {price})"
    ),
    "the market is at {price}: the stop must be {where} it, or close with x": (
        "현재 {price}: 손절은 그 {where:ko}여야 합니다. 아니면 x 청산"
    ),
    "{name} of {instrument} is only watched here: {why}": "{instrument} {name:은} 여기서만 감시합니다: {why:ko}",
    "{name} of {instrument} cannot be sent: {why}": "{instrument} {name:을} 보낼 수 없습니다: {why:ko}",
    "{instrument} stands WITHOUT its {name}, which {what}: p sets a new one": (
        "{instrument}: {name:ko} 없음! ({what:ko}) p 새로 설정"
    ),
    "its entry ended without a fill": "진입 주문이 체결 없이 끝났습니다",
    "nothing is left to protect": "보호할 보유분이 없습니다",
    "the stop did not make room in time; close again": "손절 주문이 제때 비켜나지 않았습니다. 다시 청산하십시오",
    "its trading day is over": "거래일이 끝났습니다",
    "canceled by {who}": "{who:이} 취소했습니다",
    "{count} orders are being canceled, {stops} of them protect a position": (
        "주문 {count}건 취소 중, 그중 보호 주문 {stops}건"
    ),
    "{order}: watched here": "{order}: 여기서 감시",
    "{order}: goes when the stop has made room": "{order}: 손절이 비켜나면 나갑니다",
    "the size of a protection follows its position; change its price, or cancel it and set a new one": (
        "보호 수량은 보유를 따릅니다. 가격을 바꾸거나, 취소하고 다시 설정하십시오"
    ),
}
GROUPS = (NAMES, LEGS)
