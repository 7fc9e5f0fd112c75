"""Korean for what legs say: stops, take profits, and exits that wait for them."""

from __future__ import annotations

NAMES = {
    "LEGS": "보호",
    "above": "위",
    "below": "아래",
    "long": "매수",
    "short": "매도",
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
    "with a limit of {limit} behind a stop at {price} nothing is closed once it is reached": (
        "스톱 {price}에 지정가 {limit:이}면 닿아도 청산되지 않습니다"
    ),
    "the market is at {price}: the stop must be {where} it, or close with x": (
        "현재 {price}: 손절은 그 {where:ko}여야 합니다. 아니면 x 청산"
    ),
    "the market is at {price}: the stop must be {where} it, or leave the stop out": (
        "현재 {price}: 스톱은 그 {where:ko}여야 합니다. 아니면 스톱 없이 쓰십시오"
    ),
    "{name} of {instrument} is only watched here: {why}": "{instrument} {name:은} 여기서만 감시합니다: {why:ko}",
    "{name} of {instrument} cannot be sent: {why}": "{instrument} {name:을} 보낼 수 없습니다: {why:ko}",
    "{instrument} stands WITHOUT its {name}, which {what}: p sets a new one": (
        "{instrument}: {name:ko} 없음! ({what:ko}) p 새로 설정"
    ),
    "{instrument} is not protected: its stop loss was refused too often, is tried on every 5 minutes: x closes": (
        "{instrument}: 보호되지 않음! 손절이 거듭 거절되어 5분마다 다시 냅니다. x 청산"
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
LINES = {
    "a stop stands already: {stops}: move it with m #id stop=, or cancel it first with c #id": (
        "이미 손절이 있습니다: {stops}: m #id stop= 으로 옮기거나 c #id 로 먼저 취소하십시오"
    ),
    "oco means both: write sl= and tp=, or pair for the same distance on the other side": (
        "oco는 둘 다라는 뜻입니다: sl= 과 tp= 을 쓰거나, 반대쪽 같은 거리는 pair"
    ),
    "protect with what? p 005930 sl=-2% tp=+3%, or p 005930 tr=1%": (
        "무엇으로 보호합니까? p 005930 sl=-2% tp=+3%, 또는 p 005930 tr=1%"
    ),
    "sl= and tr= are both stops: leave one out": "sl= 과 tr= 은 둘 다 손절입니다: 하나를 빼십시오",
    "this only closes the {held} that are held: no sl= and tp= with it; p protects": (
        "보유 {held:을} 청산할 뿐입니다: sl= tp= 없이. 보호는 p"
    ),
    "{code} has no price now: wait for one": "{code:은} 지금 가격이 없습니다: 기다리십시오",
    "{word} means nothing to p: write sl=, tp= or tr=": "p에는 {word:이} 없습니다: sl=, tp=, tr=",
    "{word} needs sl= or tp= beside it: sl=-2% {again}": "{word} 옆에 sl= 이나 tp= 이 있어야 합니다: sl=-2% {again}",
    "{word} says no price and no distance: write sl=69500, sl=-2% or sl=-5t": (
        "{word:은} 가격도 거리도 아닙니다: sl=69500, sl=-2%, sl=-5t"
    ),
    "{word} sizes a new position by its stop loss: b r0.5% 005930 sl=-2%": (
        "{word:은} 새 포지션의 수량을 손절로 정합니다: b r0.5% 005930 sl=-2%"
    ),
    "{word} needs the stop loss it is counted to: sl=-2%": "{word}에는 기준이 되는 손절이 필요합니다: sl=-2%",
    "what {account} is worth in {currency} is unknown: write a quantity": (
        "{account}의 {currency} 평가액을 모릅니다: 수량을 쓰십시오"
    ),
    "{word}: a price has no sign; a distance is written {one}2% or {two}5t": (
        "{word}: 가격에는 부호가 없습니다. 거리는 {one}2% 또는 {two}5t"
    ),
    "{word}: a protection waits, so it is gtc or day": "{word}: 보호 주문은 기다리므로 gtc 또는 day",
    "{word}: one lot would lose {amount}": "{word}: 한 단위의 손실이 {amount}",
    "{word}: the entry has no price to count from: write @price": "{word}: 진입 가격이 없습니다: @가격을 쓰십시오",
    "{word}: the {name} must lie {where} {price}": "{word}: {name:ko은} {price}보다 {where:ko}여야 합니다",
    "{word}: the {name} of a {side} lies {where} its entry: {right}": (
        "{word}: {side:ko} 포지션의 {name:ko은} 진입가보다 {where:ko}입니다: {right}"
    ),
    "{word}: {what} and has no legs; p protects a position": "{word}: 손절·익절이 붙지 않습니다({what}). 보호는 p",
    "there is no position in {code} of {account}: nothing to protect": "{account}에 {code} 보유가 없습니다: 보호할 것이 없습니다",
    "the limit behind a stop is written as a price: @69000": "손절 뒤의 지정가는 가격으로 씁니다: @69000",
    "a price with p is the limit behind its sl=: leave it out": "p의 가격은 sl= 뒤의 지정가입니다: 빼십시오",
}
GROUPS = (NAMES, LEGS, LINES)
