"""Korean of the ladder, the tape and the market facts: words of the trade as Korean order screens write them."""

from __future__ import annotations

FRAME = {
    "MY SELL": "내 매도",
    "MY BUY": "내 매수",
    "last": "현재가",
    "spread": "스프레드",
    "mid": "중간",
    "crossed": "교차",
    "no asks": "매도호가 없음",
    "no bids": "매수호가 없음",
    "no book": "호가 없음",
    "locked": "고정",
    "follow": "추종",
    "local": "로컬",
    "upper limit": "상한가",
    "lower limit": "하한가",
    "Waiting for the price steps of this symbol.": "이 종목의 호가단위를 기다립니다.",
}
TAPE = {
    "Tape": "체결",
    "conflated": "병합",
    "Nothing traded since we look.": "보기 시작한 뒤 체결이 없습니다.",
}
FACTS = {
    "Market": "시세",
    "upper": "상한가",
    "lower": "하한가",
    "opening": "시가",
    "high": "고가",
    "low": "저가",
    "previous": "전일",
    "average": "평단",
    "volume": "거래량",
    "held": "보유",
    "in session": "장중",
}
HINTS = {
    "size": "수량",
    "cancel here": "줄취소",
    "one tick": "1틱",
    "centre": "가운데",
    "lock": "고정",
}
SENTENCES = {
    "no order of yours at {price}": "{price}에 내 주문이 없습니다",
}
HELP = {
    "Buy ticket at the cursor's price, of the chosen size; without a cursor at the bid": (
        "커서 가격에 고른 수량의 매수 주문서, 커서가 없으면 매수호가"
    ),
    "Sell ticket at the cursor's price; without a cursor at the ask": "커서 가격의 매도 주문서, 커서가 없으면 매도호가",
    "Buy ticket at the ask, of the chosen size": "매도호가에 고른 수량의 매수 주문서",
    "Sell ticket at the bid, of the chosen size": "매수호가에 고른 수량의 매도 주문서",
    "Size {digit} on the ladder screen, or screen {digit} where there is no such size": (
        "호가 화면에서 수량 {digit}, 그런 수량이 없으면 화면 {digit}"
    ),
    "Cancel your orders at the cursor's price (Enter confirms)": "커서 가격의 내 주문을 취소 (Enter로 확인)",
    "Modify your order at the cursor's price": "커서 가격의 내 주문을 정정",
    "Raise that order by one tick (staged; Enter commits)": "그 주문을 한 틱 올림 (Enter로 확정)",
    "Lower that order by one tick (staged; Enter commits)": "그 주문을 한 틱 내림 (Enter로 확정)",
    "Protective stop for the position at the cursor's price": "커서 가격에 보유의 손절 주문",
    "The market in the middle of the rows": "시장을 가운데로",
    "Rows stand still, or follow the market": "줄을 고정하거나 시장을 따라감",
    "Cursor back to the touch; then back one step": "커서를 최우선호가로, 그다음 한 단계 뒤로",
}
GROUPS = (HELP, FRAME, TAPE, FACTS, HINTS, SENTENCES)
