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

TICKET = {
    "peg": "추종",
    "protect": "보호",
    "tax": "세금",
    "Trail": "추적 폭",
    "Risk": "위험",
    "the {name} is a distance, and there is no price to count it from": "{name:은} 거리이고, 기준으로 삼을 가격이 없습니다",
    "the {name} is no whole number of ticks": "{name:이} 정수 틱이 아닙니다",
    "a stop loss of this order lies {where} {price}": "이 주문의 손절가는 {price} {where:ko}이어야 합니다",
    "a take profit of this order lies {where} {price}": "이 주문의 익절가는 {price} {where:ko}이어야 합니다",
    "write 10, 25%, 500만원 or r0.5%": "10, 25%, 500만원, r0.5% 처럼 쓰십시오",
    "the buying power is not known yet: write a quantity": "주문가능금액을 아직 모릅니다. 수량을 쓰십시오",
    "there is no position to sell a part of: write a quantity": "일부를 팔 보유가 없습니다. 수량을 쓰십시오",
    "that part of the position is less than one lot": "보유의 그 부분은 매매 단위보다 적습니다",
    "risk is a part of the account's value: write r0.5%": "위험은 자산의 비율입니다. r0.5% 처럼 쓰십시오",
    "risk sizing needs a stop loss: o goes to its field": "위험으로 수량을 정하려면 손절가가 필요합니다. o로 이동합니다",
    "the account's value is not known yet: write a quantity": "계좌 자산을 아직 모릅니다. 수량을 쓰십시오",
    "that risk is less than one lot loses at the stop": "그 위험은 한 단위의 손절 손실보다 작습니다",
    "there is no touch to follow": "따라갈 호가가 없습니다",
}
HANDS = {
    "leaves it out": "지움",
    "caution: {what}": "주의: {what:ko}",
    "fee {amount}": "비용 {amount}",
    "risk {amount}": "위험 {amount}",
    "Enter reviews": "Enter 검토",
    "no position in {code} to protect": "{code} 보유가 없어 보호할 것이 없습니다",
    "nothing to repeat: no order was sent from here yet": "반복할 주문이 없습니다. 아직 보낸 주문이 없습니다",
    "cancel {count} marked orders: {ids}": "표시한 주문 {count}건 취소: {ids}",
    "{id} is {status}: {done}": "{id} 결과: {status:ko}, {done:ko}",
    "{filled} of {quantity} filled": "{quantity} 중 {filled} 체결",
    "{refused} of {count} refused: {text}": "{count}건 중 {refused}건 거절: {text:ko}",
    "{count} times: {text}": "{count}건: {text:ko}",
    "nothing was sent: other keys came with it": "보내지 않았습니다. 다른 키가 함께 들어왔습니다",
    "nothing was sent: {why}": "보내지 않았습니다: {why:ko}",
    "{missed} lines of the log did not arrive here; hoga log shows them": (
        "기록 {missed}줄이 여기 오지 않았습니다. hoga log로 봅니다"
    ),
}
ARMED = {
    "armed mode needs a time of at most {minutes} minutes: :arm 5m": "무장에는 최대 {minutes}분의 시간이 필요합니다: :arm 5m",
    "not armed: {why}": "무장하지 않음: {why:ko}",
    "armed for {minutes} min: F9 sends {buy}, F6 sends {sell}": "{minutes}분 무장: F9는 {buy}, F6은 {sell} 전송",
    "disarmed: {why}": "무장 해제: {why:ko}",
    "its time is over": "시간이 끝남",
    "the desk says nothing": "엔진이 말이 없음",
    "{broker} is not connected": "{broker} 연결 끊김",
    "the feed is stale": "시세가 오래됨",
    "the quote of {code} is {freshness}": "{code} 시세가 {freshness:ko}",
    "the account changed": "계좌가 바뀜",
    "the list of symbols changed": "종목 목록이 바뀜",
    "not armed; :arm 5m arms, or Ctrl+G and then F7": "무장하지 않음. :arm 5m 또는 Ctrl+G 다음 F7",
    "{count} sends within {seconds} s; the last was not sent": "{seconds}초 안에 {count}번 전송, 마지막은 보내지 않음",
    "the template is no order to {side}: {template}": "{side:ko} 주문이 아닌 양식: {template}",
    "the desk gave no figures in time": "엔진이 제때 수치를 주지 않음",
    "armed mode does not send this: {caution}. A ticket (b, s) asks about it": (
        "무장 상태에서는 보내지 않음: {caution:ko}. 주문서(b, s)에서 확인"
    ),
    "write a time: :arm 5m or :arm 90s": "시간을 쓰십시오: :arm 5m 또는 :arm 90s",
    "by hand": "직접",
    "the desk is gone": "엔진이 없어짐",
    "the terminal lost the focus": "터미널이 초점을 잃음",
    "for a while F9 and F6 send the buy and sell template at once: arm 5m": (
        "잠시 F9와 F6이 매수, 매도 양식을 바로 보냄: arm 5m"
    ),
    "end armed mode": "무장 해제",
}
KEYS = {
    "complete": "완성",
    "Complete the word, or mend what is wrong; again for the next offer": "낱말을 완성하거나 틀린 곳을 고침. 다시 누르면 다음 후보",
    "Open the ticket of the order sent last again; sends nothing by itself": "마지막으로 보낸 주문의 주문서를 다시 엶. 보내지는 않음",
    "Attach a protective stop to the selected position, or move the one it has": (
        "고른 보유에 보호 손절을 붙이거나, 있는 것을 옮김"
    ),
    "Armed mode: two keys far apart; also :arm 5m": "무장: 멀리 떨어진 두 키. :arm 5m 도 같음",
    "Armed mode only: send the buy template at once": "무장 중에만: 매수 양식을 바로 전송",
    "Armed mode only: send the sell template at once": "무장 중에만: 매도 양식을 바로 전송",
    "Size by share: 25 to 100 % of the buying power (selling: of the position), by risk": (
        "비율로 수량: 주문가능금액(매도는 보유)의 25~100 %, 위험으로"
    ),
    "To the stop loss, the take profit, and back": "손절, 익절로, 다시 수량으로",
    "SL/TP": "손절/익절",
    "Peg: the price follows the own touch at this distance until it is sent": "추종: 보낼 때까지 이 거리로 최우선호가를 따라감",
    "Cancel the selected order, or those that are marked (Enter confirms)": "고른 주문이나 표시한 주문을 취소 (Enter 확인)",
    "Send the order with real money (elevated: type what is asked, then Enter)": (
        "실제 돈으로 주문 전송 (주의가 있으면 묻는 것을 입력하고 Enter)"
    ),
    "Flatten: also close every position (LIVE: after each account's end was typed)": (
        "전량 청산: 모든 보유도 청산 (LIVE: 각 계좌 끝자리 입력 후)"
    ),
}

GROUPS = (REVIEW, TICKET, HANDS, ARMED, KEYS)
