"""The Korean catalogue, grouped by where a text appears. English is the key: a word, or a sentence with named {fields},
which Korean may put in another order. `{name:은}` writes the particle that fits the name, 은 or 는
(tui/words/particles.py). Words of the trade are those that Korean traders read on their own screens."""

from __future__ import annotations

from tui.words.ko_algos import GROUPS as ALGOS
from tui.words.ko_engine import GROUPS as ENGINE
from tui.words.ko_guard import COMPOSED as GUARDED
from tui.words.ko_guard import GROUPS as GUARD
from tui.words.ko_keys import GROUPS as KEYS
from tui.words.ko_ladder import GROUPS as LADDER
from tui.words.ko_legs import GROUPS as LEGS
from tui.words.ko_lines import GROUPS as LINES
from tui.words.ko_lists import GROUPS as LISTS
from tui.words.ko_orders import GROUPS as ORDERS
from tui.words.ko_venues import GROUPS as VENUES

# panes and screens
PLACES = {
    "Watch": "관심",
    "Ladder": "호가",
    "Ticket": "주문서",
    "Positions": "잔고",
    "Orders": "주문",
    "P&L": "손익",
    "Strategies": "전략",
    "Log": "로그",
    "Help": "도움말",
    "Trade": "매매",
    "Chart": "차트",
    "Rebalance": "리밸",
    "System": "시스템",
}
# headings
HEADINGS = {
    "SYMBOL": "종목",
    "LAST": "현재가",
    "CHG%": "등락률",
    "BID": "매수",
    "ASK": "매도",
    "VOL": "거래량",
    "AGE": "지연",
    "ACCT": "계좌",
    "QTY": "수량",
    "AVG": "평균단가",
    "UNREAL": "평가손익",
    "DAY": "당일",
    "REAL": "실현",
    "STOP": "손절",
    "SOURCE": "출처",
    "ID": "번호",
    "SIDE": "구분",
    "TYPE": "유형",
    "PRICE": "가격",
    "DIST": "거리",
    "STATE": "상태",
    "FILLED": "체결",
    "TIF": "조건",
    "NAME": "이름",
    "FEES": "수수료",
    "TAX": "세금",
    "SIGNAL": "신호",
    "NEXT": "다음",
    "TRADES": "거래",
    "POS": "보유",
    "WHY": "근거",
    "ASK QTY": "매도잔량",
    "BID QTY": "매수잔량",
}
# the chart
CHART = {
    "1s": "1초",
    "10s": "10초",
    "1m": "1분",
    "3m": "3분",
    "5m": "5분",
    "15m": "15분",
    "30m": "30분",
    "1h": "1시간",
    "1d": "일",
    "O": "시",
    "H": "고",
    "L": "저",
    "C": "종",
    "TP": "익절",
    "local": "로컬",
    "length": "주기",
    "pan": "이동",
    "bar": "봉",
    "indicators": "지표",
    "ticket": "주문서",
    "earlier": "과거",
    "{count} bars a column": "칸당 {count}봉",
    "indicators: {names}": "지표: {names}",
    "No symbol is selected. Press / to find one.": "고른 종목이 없습니다. / 를 눌러 찾습니다.",
    "No bars of {interval} yet.": "{interval} 봉이 아직 없습니다.",
    "They are drawn as the market trades.": "체결되는 대로 그려집니다.",
    "asking for bars": "봉을 불러오는 중",
    "another length of bar": "다른 주기",
    "HALT": "정지",
    "auction": "동시호가",
}
# the strategies
STRATEGIES = {
    "Why": "이유",
    "Signals": "신호 내역",
    "Parameters": "매개변수",
    "DRAWDOWN": "낙폭",
    "verdict": "결론",
    "next evaluation": "다음 평가",
    "not reached": "도달 안 함",
    "waiting for figures": "수치 대기 중",
    "No strategy is selected.": "고른 전략이 없습니다.",
    "No strategy has said anything yet.": "전략 신호가 아직 없습니다.",
    "edit": "편집",
    "set": "적용",
    "best": "최고",
    "parameters": "매개변수",
    "parameter": "항목",
    "default": "기본값",
    "why": "이유",
    "market": "시장",
    "quote": "시세",
    "warm-up": "준비",
    "target": "목표",
    "reached": "도달",
    "not paused": "일시정지 아님",
    "size": "수량",
    "trading": "거래 상태",
    "order": "주문",
    "figures": "수치",
    "cross on this bar": "이번 봉에서 교차",
    "averages": "이동평균",
    "none closed yet": "닫힌 봉이 아직 없음",
    "close below the lower band": "종가 < 하단 밴드",
    "close above the upper band": "종가 > 상단 밴드",
    "close at the middle": "종가가 중심선에 닿음",
    "close beyond a band": "종가가 밴드 밖",
    "market closed": "장마감",
    "market halted": "거래정지",
    "market unknown": "시장 상태 모름",
    "trading PAUSED": "자동주문 정지",
    "trading REDUCING": "축소만",
    "trading HALTED": "거래 정지",
    "{name} has no parameters": "{name:은} 매개변수가 없습니다",
    "{name} is running: pause or stop it with t, then change its parameters": "{name:은} 실행 중입니다. t로 일시정지하거나 멈춘 뒤에 바꾸십시오",
    "Bars of the fast average.": "빠른 이동평균의 봉 수",
    "Bars of the slow average.": "느린 이동평균의 봉 수",
    "Go short on a cross down, where the instrument allows it; else flat.": "하향 교차에서 공매도(가능한 종목만), 아니면 청산",
    "Bars of the index.": "지수의 봉 수",
    "Oversold: a rise through this level is a signal to buy.": "과매도: 이 선을 위로 지나면 매수 신호",
    "Overbought: a fall through this level is a signal to sell.": "과매수: 이 선을 아래로 지나면 매도 신호",
    "Bars of the middle and of the deviation.": "중심선과 편차의 봉 수",
    "Distance of the bands from the middle, in standard deviations.": "중심선에서 밴드까지의 거리(표준편차)",
    "Go short above the upper band, where the instrument allows it.": "상단 밴드 위에서 공매도(가능한 종목만)",
    "Go short when overbought, where the instrument allows it; else flat.": "과매수에서 공매도(가능한 종목만), 아니면 청산",
}
# empty panes
EMPTY = {
    "No positions. Press ": "보유 종목이 없습니다. ",
    " to buy the selected symbol.": "를 누르면 고른 종목을 삽니다.",
    "No orders today. Press ": "오늘 주문이 없습니다. ",
    " to buy, ": " 매수, ",
    " to type one.": " 직접 입력.",
    "Nothing earned or lost yet. Press ": "아직 손익이 없습니다. ",
    " to buy.": " 매수.",
    "No strategies. Settings: [strategies.NAME]": "전략이 없습니다. 설정: [strategies.이름]",
    "Nothing happened yet.": "아직 기록이 없습니다.",
    "No symbols here. Settings: [console] watchlist": "관심 종목이 없습니다. 설정: [console] watchlist",
    "No order book from this feed yet.": "호가가 아직 없습니다.",
    "the selected symbol": "고른 종목",
}
# values
VALUES = {
    "BUY": "매수",
    "SELL": "매도",
    "LMT": "지정가",
    "MKT": "시장가",
    "STP": "역지정",
    "STL": "역지정가",
    "TRL": "추적",
    "MOC": "종가",
    "OPEN": "접수",
    "PART": "일부체결",
    "STAGED": "대기",
    "SENDING": "전송 중",
    "UNKNOWN": "미확인",
    "HELD": "보류",
    "DENIED": "거절",
    "REJECTED": "거부",
    "CANCELED": "취소",
    "EXPIRED": "만료",
    "canceling": "취소 중",
    "replacing": "정정 중",
    "none": "없음",
    "RUN": "실행",
    "PAUSED": "일시정지",
    "STOPPED": "정지",
    "FAILED": "실패",
    "total": "합계",
}
# header and ticket
LABELS = {
    "60 MIN": "60분",
    "day": "당일",
    "BY": "기준",
    "account": "계좌",
    "currency": "통화",
    "instrument": "종목",
    "SL/TP": "손절/익절",
    "TARGET": "익절",
    "local": "로컬",
    "part": "일부",
    "asking": "조회 중",
    "filled": "체결",
    "~ built on stale prices": "~ 지연 시세로 추정",
    "BP": "가능",
    "armed off": "무장 해제",
    "ARMED": "무장",
    "? {count} UNKNOWN order": "? 미확인 주문 {count}",
    "? {count} UNKNOWN orders": "? 미확인 주문 {count}",
    "unreal": "평가",
    "real": "실현",
    "working": "접수",
    "unknown": "미확인",
    "preview": "미리보기",
    "Side": "구분",
    "Qty": "수량",
    "Price": "가격",
    "Stop": "손절",
    "Type": "유형",
    "Value": "주문금액",
    "Cost": "비용",
    "After": "보유 후",
    "BP left": "잔여",
    "checks": "검사",
    "review": "검토",
    "send": "전송",
    "drop": "닫기",
    "back": "뒤로",
}
# hints
HINTS = {
    "buy": "매수",
    "sell": "매도",
    "close": "청산",
    "modify": "정정",
    "cancel": "취소",
    "undo": "되돌림",
    "panic": "비상",
    "pane": "창",
    "zoom": "확대",
    "find": "찾기",
    "command": "명령",
    "strategy": "전략",
    "help": "도움말",
    "price": "가격",
    "quantity": "수량",
    "field": "항목",
    "type": "유형",
    "do it": "실행",
    "start": "시작",
    "pause": "일시정지",
    "stop": "정지",
    "run": "실행",
    "go": "이동",
    "history": "이력",
}

# sentences of the screen
SENTENCES = {
    "no position in {name}; press b to buy": "{name} 보유가 없습니다. b로 매수합니다",
    "{count} rows marked; Esc takes the marks away": "{count}줄을 표시했습니다. Esc로 지웁니다",
    "the range follows the cursor; v again ends it, Esc takes the marks away": (
        "커서를 따라 표시합니다. v로 끝내고 Esc로 지웁니다"
    ),
    "rows stand in the pane's own order; press > to sort by a column": "정렬하지 않은 상태입니다. >로 열을 고릅니다",
    "there is no row to copy": "복사할 줄이 없습니다",
    "{count} rows copied, if this terminal lets programs copy (OSC 52)": "{count}줄을 복사했습니다 (단말이 OSC 52를 허용할 때)",
    "accounts and amounts are masked, so nothing is exported; :mask off shows them again": (
        "계좌와 금액을 가린 상태라 내보내지 않습니다. :mask off로 다시 봅니다"
    ),
    "{count} rows written to {file} in {folder}": "{folder} 아래 {file} 파일에 {count}줄을 저장했습니다",
    "this pane has no rows to choose from": "이 창에는 고를 줄이 없습니다",
    "nothing fits; Esc closes the palette": "맞는 것이 없습니다. Esc로 닫습니다",
    "that sends at once, so only its key does it: {keys}": "바로 전송되는 것이라 키로만 합니다: {keys}",
    "the engine ends with this console: {running} strategies rest, {working} orders stay where they are": (
        "엔진도 함께 끝납니다. 전략 {running}개는 멈추고 주문 {working}건은 그대로 남습니다"
    ),
    "the engine goes on: {running} strategies and {working} orders keep running": (
        "엔진은 계속 돌아갑니다. 전략 {running}개와 주문 {working}건이 이어집니다"
    ),
    "{keys} is no key here": "여기서 쓰지 않는 키입니다: {keys}",
    "the {name} screen is not there yet": "{name:ko} 화면은 아직 없습니다",
    "{id} has ended ({state}); there is nothing to modify": "{id:은} 끝난 주문입니다 ({state:ko}). 정정할 것이 없습니다",
    "{id} has ended ({state}); there is nothing to cancel": "{id:은} 끝난 주문입니다 ({state:ko}). 취소할 것이 없습니다",
    "{name} is not known to this console yet; try again in a moment": "{name} 정보를 아직 받지 못했습니다. 잠시 뒤에 다시 하십시오",
    "no symbol is selected": "고른 종목이 없습니다",
    "no symbol is selected; move to one in Watch or press / to find one": "고른 종목이 없습니다. 관심에서 고르거나 /로 찾으십시오",
    "no working orders of {name}": "{name} 미체결 주문이 없습니다",
    "cancel all {count} working orders of {name}": "{name} 미체결 주문 {count}건 모두 취소",
    "nothing to undo: the order sent last is not open any more": "되돌릴 것이 없습니다. 마지막 주문은 이미 끝났습니다",
    "no order is selected; go to Orders with Tab or 3": "고른 주문이 없습니다. Tab이나 3으로 주문에 가십시오",
    "cancel {id}": "취소 {id}",
    "cancel all of {name}": "{name} 주문 모두 취소",
    "cancel all orders": "모든 주문 취소",
    "cancel all working orders": "미체결 주문 모두 취소",
    "modify {id}: {order}": "정정 {id}: {order:ko}",
    "modify {id} {code}: {terms}": "정정 {id} {code}: {terms}",
    "panic: flatten": "비상: 전량 청산",
    "panic: stop automatic orders, cancel entries": "비상: 자동주문 중지, 진입 주문 취소",
    "panic: automatic orders stop, only reducing orders pass, entry orders are canceled": (
        "비상: 자동주문 중지, 축소 주문만 허용, 진입 주문 취소"
    ),
    "flatten: everything is canceled and every position closed": "전량 청산: 주문을 모두 취소하고 보유를 모두 청산합니다",
    "halt: nothing but cancels": "중단: 취소만 받습니다",
    "trading is ACTIVE again": "거래를 다시 시작합니다",
    "write: s NAME start, pause or stop; strategies: {names}": "s 이름 start, pause, stop 으로 쓰십시오. 전략: {names:ko}",
    "screens: {names}": "화면: {names}",
    "not in this watchlist": "이 관심 목록에 없습니다",
    "{count} found": "{count}개 찾음",
    "nothing was sought yet; press / first": "아직 찾은 것이 없습니다. 먼저 /를 누르십시오",
    "no match": "맞는 것이 없습니다",
    "{key} is no key here": "{key:은} 여기서 쓰지 않는 키입니다",
    "no strategies; name one under [strategies.NAME] in the settings file": "전략이 없습니다. 설정 파일의 [strategies.이름]에 적으십시오",
    "this order type has no price": "이 주문 유형에는 가격이 없습니다",
    "the quantity must be a multiple of {lot}": "수량은 {lot}의 배수여야 합니다",
    "off tick: Down takes {lower}, Up takes {upper}": "호가 단위에 맞지 않습니다: 아래 {lower}, 위 {upper}",
    "unchanged: the order stands as it was": "바뀐 것이 없어 주문을 그대로 두었습니다",
    "its stop follows the price by itself": "이 손절은 가격을 스스로 따라갑니다",
    "its stop follows the price by itself; cancel that order to put another": (
        "이 손절은 가격을 스스로 따라갑니다. 다른 손절을 두려면 그 주문을 먼저 취소하십시오"
    ),
    "it has ended": "끝났습니다",
    "NO ENGINE ({reason}): figures stand still, nothing can be sent; it is called again": (
        "엔진 없음 ({reason:ko}): 숫자가 멈췄고 아무것도 보낼 수 없습니다. 다시 연결하는 중입니다"
    ),
    "the engine is back and everything was read anew; open forms wait for another look": (
        "엔진이 돌아와 모든 것을 다시 읽었습니다. 열려 있던 양식은 다시 확인해야 합니다"
    ),
    "nothing was sent: the engine was gone; look at the figures, then press it again": (
        "보내지 않음: 엔진이 끊겼었습니다. 수치를 확인한 뒤 다시 누르십시오"
    ),
    "no engine": "엔진 없음",
    "read-only console": "보기 전용",
    "the desk is gone ({reason}): figures stand still; leave with :q and start again": (
        "엔진과 끊겼습니다 ({reason:ko}). 숫자가 멈춰 있으니 :q로 나가 다시 시작하십시오"
    ),
    "instruments could not be read: {error}; they are asked for again": "종목 정보를 읽지 못했습니다: {error:ko}. 다시 요청합니다",
    "no answer to: {what}. It may have been taken; look at Orders first. {error}": (
        "응답 없음: {what:ko}. 접수되었을 수 있으니 주문을 먼저 보십시오. {error:ko}"
    ),
    "a burst of keys was dropped: it looked like a paste or a reply of the terminal": (
        "한꺼번에 들어온 키를 버렸습니다: 붙여넣기나 터미널 응답으로 보입니다"
    ),
    "a paste of {count} was ignored: press : and paste it into the command line": (
        "붙여넣은 {count}자를 무시했습니다. :를 누르고 명령줄에 붙여넣으십시오"
    ),
    "suspending stops the engine too: no stop, no strategy would act. Ctrl+Z again does it": (
        "중단하면 엔진도 멈춰 손절과 전략이 움직이지 않습니다. 그래도 하려면 Ctrl+Z를 다시 누르십시오"
    ),
    "the terminal sent what is not UTF-8, and it was dropped: set its encoding to UTF-8": (
        "터미널이 UTF-8이 아닌 글자를 보내 버렸습니다. 터미널 인코딩을 UTF-8로 바꾸십시오"
    ),
    "no figures yet": "아직 숫자가 없습니다",
    "too small: 80x24": "너무 작습니다: 80x24",
    "shows everything": "이상이면 모두 보입니다",
}
# sentences of the screen put together from parts
COMPOSED = {
    **GUARDED,
    "cancel {id}: {order}, {count} filled": "취소 {id}: {order:ko}, {count} 체결됨",
    "cancel {id}: {order}": "취소 {id}: {order:ko}",
    "close {what}, reduce-only at the opposite touch; size read when sent": (
        "{what} 청산, 상대 최우선호가, 청산 전용, 수량은 보낼 때 읽음"
    ),
    "close half of {what}, reduce-only at the opposite touch; size read when sent": (
        "{what} 절반 청산, 상대 최우선호가, 청산 전용, 수량은 보낼 때 읽음"
    ),
    "close {what} at market, reduce-only": "{what} 시장가 청산, 청산 전용",
    "close {what} at the opposite touch, reduce-only": "{what} 상대 최우선호가 청산, 청산 전용",
    "start {name}": "{name} 시작",
    "pause {name}": "{name} 일시정지",
    "stop {name}": "{name} 정지",
}
# command line
COMMANDS = {
    "b 10 CODE @PRICE": "b 10 코드 @가격",
    "→ {what}": "→ {what:ko}",
    "Tab: {what}": "Tab: {what:ko}",
    "b 10 CODE @PRICE buys; :help lists commands": "b 10 코드 @가격 으로 매수, :help 는 명령 목록",
    "leave the console": "화면 닫기",
    "what the keys do": "키 설명",
    "open the panic menu": "비상 메뉴 열기",
    "let orders pass again after a panic or halt": "비상이나 중단 뒤에 주문을 다시 받기",
    "start, pause or stop a strategy": "전략 시작, 일시정지, 정지",
    "go to a screen": "화면 이동",
    "change the language: ko, en": "언어 바꾸기: ko, en",
    "dark, light or ansi": "dark, light, ansi 중 하나",
    "kr red up, us green up, cvd orange up, mono": "kr 빨강 상승, us 초록 상승, cvd 주황 상승, mono",
    "hide accounts and amounts from people who look at this screen, or show them again": (
        "화면을 보는 사람에게 계좌와 금액을 숨기거나 다시 보이기"
    ),
    "the picture could not be written: {error}; name another file": "그림을 쓰지 못했습니다: {error}. 다른 파일 이름을 쓰십시오",
    "picture written to {path}; accounts and amounts are hidden in it": "그림을 {path}에 썼습니다. 계좌와 금액은 가렸습니다",
    "accounts and amounts are hidden": "계좌와 금액을 숨겼습니다",
    "accounts and amounts are shown again": "계좌와 금액을 다시 보입니다",
    "languages: {names}": "언어: {names}",
    "Enter sends": "Enter 전송",
}
# header
HEADER = {
    "waiting for the desk": "엔진을 기다립니다",
    "gate: {why}": "계좌 준비: {why:ko}",
    "journal {state}": "기록 {state}",
    "dropped {count}": "누락 {count}",
    "slow": "느린 회선",
}
# ticket
TICKET = {
    "lot {lot}": "단위 {lot}",
    "modify {id}": "정정 {id}",
    "touch": "최우선",
}
# strips over the last rows
STRIPS = {
    "nothing is sent before Enter": "Enter 전에는 아무것도 보내지 않습니다",
    "order review": "주문 검토",
    "not sent yet": "아직 보내지 않음",
    "PANIC": "비상",
    "flatten: cancel everything, close every position": "전량 청산: 모두 취소하고 모든 보유를 청산",
    "type {word}": "{word} 입력",
    "when it reads so": "입력한 뒤",
    "orders stay where they are; :resume opens again": "주문은 그대로 둡니다. :resume 으로 재개",
    "protective stops stay": "보호 주문은 남습니다",
    "or": "또는",
    "pause automatic orders, reduce only, cancel entry orders": "자동주문 중지, 축소만 허용, 진입 주문 취소",
    "checks: waiting for figures": "검사: 숫자를 기다리는 중",
    "sending...": "전송 중...",
    "Esc closes": "Esc 닫기",
    "Palette": "팔레트",
    "Settings": "설정",
    "File": "파일",
    "none: all defaults": "없음: 모두 기본값",
    "Change it with an editor and start again; `hoga config check` reads it.": (
        "편집기로 고치고 다시 시작합니다. `hoga config check`로 확인합니다."
    ),
    "Nothing fits the filter. ": "조건에 맞는 줄이 없습니다. ",
}

GROUPS = (
    PLACES,
    HEADINGS,
    CHART,
    STRATEGIES,
    EMPTY,
    VALUES,
    LABELS,
    HINTS,
    SENTENCES,
    COMPOSED,
    COMMANDS,
    HEADER,
    TICKET,
    STRIPS,
    *ENGINE,
    *GUARD,
    *LEGS,
    *ALGOS,
    *LINES,
    *LISTS,
    *KEYS,
    *LADDER,
    *ORDERS,
    *VENUES,
)
CATALOGUE: dict[str, str] = {english: korean for group in GROUPS for english, korean in group.items()}
