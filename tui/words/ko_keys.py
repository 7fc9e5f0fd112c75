"""Korean for what the keys do: the help of every action, and the names of the groups they stand in."""

from __future__ import annotations

HELP = {
    "Panic menu, from anywhere: Enter or Ctrl+X again stops automatic orders, lets only reducing orders pass and "
    "cancels entry orders; protective stops stay": (
        "비상 메뉴, 어디서나: Enter나 Ctrl+X를 다시 누르면 자동주문을 멈추고 보유를 줄이는 주문만 받으며 진입 주문을 "
        "취소합니다. 보호 주문은 남습니다"
    ),
    "Leave the console; also :q": "화면을 닫습니다. :q도 같습니다",
    "Draw the whole screen again": "화면 전체를 다시 그립니다",
    "Buy ticket for the selected symbol, limit at the bid": "고른 종목의 매수 주문서, 매수호가 지정가",
    "Sell ticket for the selected symbol, limit at the ask": "고른 종목의 매도 주문서, 매도호가 지정가",
    "Buy ticket at the ask (a marketable limit)": "매도호가로 사는 매수 주문서 (바로 체결되는 지정가)",
    "Sell ticket at the bid (a marketable limit)": "매수호가로 파는 매도 주문서 (바로 체결되는 지정가)",
    "Close the position of the selected symbol: reduce-only, size read when sent": (
        "고른 종목 보유를 청산: 청산 전용, 수량은 보낼 때 읽음"
    ),
    "Close half of that position": "보유의 절반을 청산",
    "Modify the selected order": "고른 주문을 정정",
    "Raise its price by one tick (staged; Enter commits)": "주문 가격을 한 틱 올림 (Enter로 확정)",
    "Lower its price by one tick (staged; Enter commits)": "주문 가격을 한 틱 내림 (Enter로 확정)",
    "Cancel the selected order (Enter confirms)": "고른 주문을 취소 (Enter로 확인)",
    "Cancel all orders of the selected symbol (Enter confirms)": "고른 종목의 주문을 모두 취소 (Enter로 확인)",
    "Cancel the order sent last, if it is still open (Enter confirms)": (
        "마지막으로 보낸 주문이 남아 있으면 취소 (Enter로 확인)"
    ),
    "Panic menu": "비상 메뉴",
    "Next row": "다음 줄",
    "Previous row": "이전 줄",
    "Pane to the left": "왼쪽 창",
    "Pane to the right": "오른쪽 창",
    "First row": "첫 줄",
    "Last row": "마지막 줄",
    "Half a page down": "반 쪽 아래로",
    "Half a page up": "반 쪽 위로",
    "Next pane": "다음 창",
    "Previous pane": "이전 창",
    "Screen {digit}: {name}": "화면 {digit}: {name:ko}",
    "Zoom the focused pane, again to restore": "지금 창을 확대, 다시 누르면 되돌림",
    "Find a symbol by code or name": "코드나 이름으로 종목 찾기",
    "Next match": "다음 결과",
    "Previous match": "이전 결과",
    "Command line: orders and commands": "명령줄: 주문과 명령",
    "Start, pause or stop a strategy": "전략 시작, 일시정지, 정지",
    "The whole text of the selected row: an order's reason, a log line, a strategy's why": (
        "고른 줄의 전체 내용: 주문 사유, 로그, 전략의 근거"
    ),
    "What the keys do here": "여기서 쓰는 키 설명",
    "Back one step; clears the message": "한 단계 뒤로, 알림을 지움",
    "Send the order (PAPER) or review it (LIVE)": "주문 전송(모의) 또는 검토(실전)",
    "Price by one tick": "가격 한 틱",
    "Price by ten ticks": "가격 열 틱",
    "Quantity by one lot, or the choice of the field": "수량 한 단위, 또는 항목의 선택",
    "Quantity by ten lots": "수량 열 단위",
    "Quantity preset up or down": "정해 둔 수량 위아래",
    "Next, previous field": "다음, 이전 항목",
    "Order type": "주문 유형",
    "Time in force": "주문 조건",
    "Price = last price": "가격 = 현재가",
    "Drop the ticket": "주문서 닫기",
    "Do it": "실행",
    "Leave it": "그만두기",
    "Send the order with real money": "실제 돈으로 주문 전송",
    "Back to the ticket": "주문서로 돌아가기",
    "Pause automatic orders, reduce only, cancel entry orders": "자동주문 중지, 축소만 허용, 진입 주문 취소",
    "Flatten: also close every position (type FLATTEN, then Enter)": "전량 청산: 모든 보유도 청산 (FLATTEN 입력 후 Enter)",
    "Halt: nothing but cancels (Enter confirms)": "중단: 취소만 가능 (Enter로 확인)",
    "Start": "시작",
    "Pause": "일시정지",
    "Send the order or run the command": "주문 전송 또는 명령 실행",
    "Take the price that fits the tick": "호가 단위에 맞는 가격으로",
    "Earlier and later lines": "이전 줄과 다음 줄",
    "Drop the line": "줄 버리기",
    "Go to the match": "결과로 이동",
    "Back to where you were": "있던 곳으로",
    "Close the help": "도움말 닫기",
}
PLACES = {
    "Work": "작업",
    "Move": "이동",
    "In {place}": "{place:ko}에서",
    "ticket": "주문서",
    "confirm": "확인",
    "review": "검토",
    "panic": "비상",
    "strategy": "전략",
    "command": "명령",
    "find": "찾기",
    "help": "도움말",
    "trade": "매매",
    "positions": "잔고",
    "orders": "주문",
    "ladder": "호가",
    "chart": "차트",
    "strategies": "전략",
    "rebalance": "리밸런싱",
    "log": "로그",
    "system": "시스템",
    "backtest": "백테스트",
    "quotes": "관심",
    "book": "호가",
    "pnl": "손익",
}
FOOTER = {
    "preset": "수량",
    "TIF": "조건",
    "stop entries": "진입 중단",
    "flatten": "전량 청산",
    "halt": "중단",
    "take price": "가격 맞춤",
}
# put together from parts
COMPOSED = {
    "Go to {place}": "{place:ko으로} 이동",
    "the watch": "관심",
    "the positions": "잔고",
    "the orders": "주문",
    "the ladder": "호가",
    "the strategies": "전략",
    "the log": "로그",
}
GROUPS = (HELP, COMPOSED, PLACES, FOOTER)
