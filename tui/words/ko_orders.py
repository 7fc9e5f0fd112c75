"""Korean for what stands around an order before it leaves: ticket, cautions, review, armed mode, notices."""

from __future__ import annotations

CAUTIONS = {
    "first live order": "첫 실거래 주문",
    "UNKNOWN order in this symbol": "이 종목에 미확인 주문",
    "same order again: {seconds}s ago": "같은 주문 반복: {seconds}초 전",
    "turns the position: {held} held": "포지션 반전: 보유 {held}",
    "value unknown": "금액 알 수 없음",
    "large value: {value} > {limit}": "큰 금액: {value} > {limit}",
    "share of NAV unknown": "자산 비중 알 수 없음",
    "large share of NAV: {share} > {limit}": "큰 자산 비중: {share} > {limit}",
    "unusual size: {times}x the usual": "평소와 다른 수량: 평소의 {times}배",
    "no price to judge it by": "비교할 가격 없음",
    "far price: {share} from {price}": "먼 가격: {price} 대비 {share}",
    "far price: {ticks} ticks from {price}": "먼 가격: {price} 대비 {ticks}틱",
    "price band unknown": "가격 제한폭 알 수 없음",
    "outside the day's band: {low} to {high}": "가격 제한폭 밖: {low} ~ {high}",
    "no quote": "시세 없음",
    "quote not live: {freshness}": "실시간 시세 아님: {freshness}",
    "old quote: {seconds}s": "오래된 시세: {seconds}초",
    "market not open: {phase}": "장중 아님: {phase}",
    "buying power unknown": "주문가능금액 알 수 없음",
    "buying power below zero: {amount}": "주문가능금액 부족: {amount}",
    "instrument unknown": "알 수 없는 종목",
    "no figures": "수치 없음",
}
REVIEW = {
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

GROUPS = (CAUTIONS, REVIEW)
