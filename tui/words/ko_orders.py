"""Korean for what stands around an order before it leaves: ticket, cautions, review, armed mode, notices."""

from __future__ import annotations

REVIEW = {
    "no figures": "수치 없음",
    "first live order": "첫 실거래 주문",
    "practice order review": "연습 주문 검토",
    "practice: nothing real is sent": "연습: 실제로 나가지 않음",
    "at market": "시장가",
    "at the opposite touch": "상대호가",
    "reduce-only": "청산 전용",
    "post-only": "지정가 대기 전용",
    "terms unknown": "조건 알 수 없음",
    "size read when sent": "수량은 보낼 때 읽음",
    "bid": "매수호가",
    "ask": "매도호가",
    "SL": "손절",
    "TP": "익절",
    "risk": "위험",
    "changed": "바뀜",
    "type the account's end": "계좌 끝자리 입력",
    "type the quantity": "수량 입력",
    "that is not the account's end": "계좌 끝자리가 다릅니다",
    "that is not the quantity": "수량이 다릅니다",
    "with orders at market that can only reduce": "줄이기만 하는 시장가 주문으로",
    "+{count} more": "외 {count}건",
}

GROUPS = (REVIEW,)
