"""Korean for the faults of an order line, of figures and of identifiers: what a person typed and may mend."""

from __future__ import annotations

LINES = {
    "nothing is written: b 10 005930 @71000 buys, s sells, x closes, c cancels": (
        "비어 있습니다: b 10 005930 @71000 매수, s 매도, x 청산, c 취소"
    ),
    "the figures cannot be used: {why}": "쓸 수 없는 숫자입니다: {why}",
    "how many? write 10, 0.05, ₩5m, 25% or all": "수량을 쓰십시오: 10, 0.05, 500만원, 25%, 전부",
    "that part of {quantity} {code} is less than one lot": "{code} {quantity} 중 그만큼은 매매 단위보다 적습니다",
    "{word} is {currency}, but {code} costs {wanted}: {hint}": "{word:은} {currency}인데 {code:은} {wanted} 종목입니다: {hint:ko}",
    "write {currency}5m": "{currency}5m처럼 쓰십시오",
    "write units or a percentage": "수량이나 비율을 쓰십시오",
    "{value} is not a whole number of lots of {lot}": "{value:은} 매매 단위 {lot}의 배수가 아닙니다",
    "the line is too long ({count} characters, at most {most})": "줄이 너무 깁니다 ({count}자, 최대 {most}자)",
    "an invisible character stands at place {place}: delete it": "{place}번째에 보이지 않는 글자가 있습니다. 지우십시오",
    "{word} is less than one tick of {tick}: {choices}": "{word:은} 호가 단위 {tick}보다 작습니다: {choices:ko}",
    "this can be read in several ways: {ways}": "여러 뜻으로 읽힙니다: {ways}",
    "{word} is also {names}: write that, or a . for the selected {code}": (
        "{word:은} 종목이기도 합니다: {names}. 그 코드나, 선택한 {code:을} 뜻하면 .을 쓰십시오"
    ),
    "six digits are always a code, and here are two: write {one} or {other}": (
        "여섯 자리 숫자는 늘 종목코드인데 둘입니다: {one} 또는 {other:으로} 쓰십시오"
    ),
    "{word} is neither a quantity nor an instrument: write 10, 25% or all": (
        "{word:은} 수량도 종목도 아닙니다: 10, 25%, 전부처럼 쓰십시오"
    ),
    "{word}: one quantity and one symbol, please": "{word}: 수량 하나와 종목 하나를 쓰십시오",
    "which instrument? none is selected: write its code": "종목을 고르지 않았습니다. 종목코드를 쓰십시오",
    "use its code (005930, AAPL, KRW-BTC), its name, or . for the selected one": (
        "코드(005930, AAPL, KRW-BTC), 이름을 쓰거나, 고른 종목은 . 을 쓰십시오"
    ),
    "no instrument fits {word}: {hint}": "{word}에 맞는 종목이 없습니다: {hint:ko}",
    "no instrument fits {word}: use its code, as in 005930, or market:code": (
        "{word}에 맞는 종목이 없습니다: 005930 같은 코드나 시장:코드를 쓰십시오"
    ),
    "{word} may mean {names}": "{word:은} 여럿입니다: {names}",
    "{word} may mean {names}: write the code": "{word:은} 여럿입니다: {names}. 코드를 쓰십시오",
    "{word} is not a verb: b buy, s sell, x close, rev, m modify, c cancel, ! panic": (
        "{word:은} 동사가 아닙니다: b 매수, s 매도, x 청산, rev 반대로, m 정정, c 취소, ! 비상"
    ),
    "{word} is not a tag: # and up to 24 letters or digits": "{word:은} 꼬리표가 아닙니다: #와 24자 이하의 글자나 숫자",
    "{word}: the account is written twice": "{word}: 계좌를 두 번 썼습니다",
    "{word}: the {what} is written twice": "{word}: {what:을} 두 번 썼습니다",
    "! sends at once and is for paper only: leave it out and confirm": "!는 바로 보내며 모의에서만 됩니다. 빼고 확인하십시오",
    "two accounts are named: {one} and {other}": "계좌가 둘입니다: {one}, {other}",
    "no account is known yet: wait until the broker is connected": "아직 계좌를 모릅니다. 증권사 연결을 기다리십시오",
    "one order at a time: c #id": "한 번에 주문 하나: c #번호",
    "{word} means nothing to a cancel: c #id, c 005930 or c all": "{word:은} 취소에 쓰지 않습니다: c #번호, c 005930, c all",
    "cancel what? c #id, c 005930, c . (the selected one) or c all": "무엇을 취소합니까? c #번호, c 005930, c . (고른 종목), c all",
    "modify which order? m #id 20 @71000": "어느 주문을 정정합니까? m #번호 20 @71000",
    "what shall change? m #id 20 @71000": "무엇을 바꿉니까? m #번호 20 @71000",
    "{word}: only quantity, @price and stop= can be changed": "{word}: 수량, @가격, stop= 만 바꿀 수 있습니다",
    "{word}: a change takes one new quantity in units, as in m #id 20 @71000": "{word}: 새 수량 하나를 쓰십시오: m #번호 20 @71000",
    "{word}: an order keeps its type: write a price": "{word}: 주문 유형은 바뀌지 않습니다. 가격을 쓰십시오",
    "{word}: at least {count} characters of the order's id, please": "{word}: 주문번호를 {count}자 이상 쓰십시오",
    "no live order is {word}: it may have ended": "{word} 미체결 주문이 없습니다. 이미 끝났을 수 있습니다",
    "{word} fits {count} orders: write more of it": "{word}에 맞는 주문이 {count}건입니다. 더 쓰십시오",
    "the instrument {id} is not known here: cancel the order instead": "{id} 종목을 알지 못합니다. 정정 대신 취소하십시오",
    "{word} means nothing to panic: ! stops and cancels, ! f flattens as well": "{word:은} 비상에 쓰지 않습니다: ! 중지와 취소, ! f 전량 청산",
    "rev opens the other side, so ro cannot stand with it": "rev는 반대쪽을 여므로 ro와 함께 쓸 수 없습니다",
    "rev turns the whole position around and takes no quantity": "rev는 보유 전체를 뒤집으므로 수량을 쓰지 않습니다",
    "stop= and tr= together: leave one out": "stop=과 tr=을 함께 썼습니다. 하나를 빼십시오",
    "a stop needs to know what it sends: @mkt for market, or a limit price": "역지정 주문이 낼 것을 쓰십시오: 시장가는 @mkt, 아니면 지정가",
    "a trailing stop sells or buys at market when it is hit: leave the price out": "추적 주문은 닿으면 시장가로 나갑니다. 가격을 빼십시오",
    "po (post only) needs a limit order: leave it out": "po(후지정)는 지정가에만 씁니다. 빼십시오",
    "a price must be above zero": "가격은 0보다 커야 합니다",
    "{word} is not a price: write @71000, @b, @a, @l, @mid, @a+2, @l-0.3%, @mkt or @moc": (
        "{word:은} 가격이 아닙니다: @71000, @b, @a, @l, @mid, @a+2, @l-0.3%, @mkt, @moc"
    ),
    "{word} is not a stop price: write stop=72000": "{word:은} 조건 가격이 아닙니다: stop=72000",
    "{word} is not a distance: write tr=1%, tr=5t (ticks) or tr=500 (price)": "{word:은} 폭이 아닙니다: tr=1%, tr=5t(틱), tr=500(가격)",
    "{word} is too far: less than 100%": "{word:은} 너무 멉니다. 100%보다 작아야 합니다",
    "{word} is {price} here: a price must be above zero": "{word:은} 여기서 {price}입니다. 가격은 0보다 커야 합니다",
    "{code} has no {anchor} price now: write a price, as in @71000": "{code:은} 지금 {anchor} 가격이 없습니다. @71000처럼 쓰십시오",
    "{code} has no price now: write the distance as a price, tr=500": "{code:은} 지금 가격이 없습니다. 폭을 가격으로 쓰십시오: tr=500",
    "{code} has no price now, so {word} cannot be sized: write a quantity": "{code:은} 지금 가격이 없어 {word:을} 셈할 수 없습니다. 수량을 쓰십시오",
    "{word} is less than one lot, which costs {amount} {currency}": "{word:은} 한 단위({amount} {currency})보다 적습니다",
    "{word} is more than all: at most 100%": "{word:은} 전부보다 많습니다. 최대 100%",
    "{word}: a quantity must be above zero": "{word}: 수량은 0보다 커야 합니다",
    "{word} of what is unknown here: write a quantity": "{word}: 무엇의 비율인지 알 수 없습니다. 수량을 쓰십시오",
    "{what}: take {choices}": "{what:ko}: {choices:을} 쓰십시오",
    "there is no {code} in {account} to sell: write a quantity": "{account}에 매도할 {code:이} 없습니다. 수량을 쓰십시오",
    "there is no position in {code} of {account}: nothing to close": "{account}에 {code} 보유가 없어 청산할 것이 없습니다",
    "the position is {held}: at most {most} can be closed": "보유는 {held}입니다. 최대 {most}까지 청산할 수 있습니다",
    "the {currency} buying power of {account} is unknown: write a quantity": "{account}의 {currency} 주문가능금액을 모릅니다. 수량을 쓰십시오",
    "{code} cannot be sold short: close it with x": "{code:은} 공매도할 수 없습니다. x로 청산하십시오",
}
FIGURES = {
    "{name} must be a finite number, not {value}": "{name:ko은} 유한한 수여야 합니다 ({value})",
    "{name} is out of range (beyond 10^{high} or finer than 10^-{low})": "{name:ko이} 범위를 벗어납니다 (10^{high}, 10^-{low})",
    "{name} must be above zero, not {value}": "{name:ko은} 0보다 커야 합니다 ({value})",
    "{name} is too long to be a number ({count} characters)": "{name:ko이} 숫자로는 너무 깁니다 ({count}자)",
    "{name} is not a number: {text}": "{name:ko이} 숫자가 아닙니다: {text}",
    "fraction must be above 0 and at most 1": "비율은 0보다 크고 1 이하여야 합니다",
    "a {type} order needs a {name}": "{type} 주문에는 {name:ko이} 필요합니다",
    "a {type} order takes no {name}": "{type} 주문에는 {name:ko을} 쓰지 않습니다",
    "not a market: {text}": "시장이 아닙니다: {text}",
    "not an instrument code: {text} (A-Z 0-9 . - / _, at most 24 characters)": (
        "종목코드가 아닙니다: {text} (A-Z 0-9 . - / _, 최대 24자)"
    ),
    "not an instrument: {text} (expected market:code)": "종목이 아닙니다: {text} (시장:코드)",
    "not an account: {text} (expected broker:account)": "계좌가 아닙니다: {text} (증권사:계좌)",
    "not a client order id: {text} (h and 25 characters a-z 2-7)": "주문번호가 아닙니다: {text} (h와 a-z 2-7 25자)",
}
PERSONAL = {
    "there is no alert {id}": "{id} 알림이 없습니다",
    "{what} is not known here": "{what:은} 여기서 알지 못합니다",
    "there are {count} alerts already; clear some": "알림이 이미 {count}개입니다. 몇 개를 지우십시오",
    "{id} waits for that already": "{id} 알림이 이미 기다리고 있습니다",
    "the last price {price} is {side} that already": "현재가 {price:이} 이미 그 {side:ko}입니다",
    "above": "위",
    "below": "아래",
    "not set: {why}": "설정하지 않았습니다: {why:ko}",
    "there is no {what} (a note is on order:ID, fill:ID or instrument:MARKET:CODE)": (
        "{what:이} 없습니다 (메모는 order:번호, fill:번호, instrument:시장:코드에 답니다)"
    ),
    "nothing is known of {what}": "{what:을} 알지 못합니다",
    "not known here: {names}": "알지 못합니다: {names}",
    "a list holds at most {count} instruments": "목록 하나에 종목은 최대 {count}개입니다",
    "{name} is as the settings have it": "{name:은} 설정대로입니다",
    "there is no list {name}": "{name} 목록이 없습니다",
    "there is no list {name}; there are: {names}": "{name} 목록이 없습니다. 있는 목록: {names}",
    "there is a list {name} already": "{name} 목록이 이미 있습니다",
    "a list's name has 1 to {count} characters and no blanks": "목록 이름은 빈칸 없이 1~{count}자입니다",
    "there are {count} lists already": "목록이 이미 {count}개입니다",
    "not changed: {why}": "바꾸지 않았습니다: {why:ko}",
    "it is the only list": "하나뿐인 목록입니다",
    "no instrument is named": "종목을 쓰지 않았습니다",
    "{instrument} is in {list} already": "{instrument:은} 이미 {list}에 있습니다",
    "{instrument} is not in {list}": "{instrument:은} {list}에 없습니다",
}
# put together from parts
COMPOSED = {
    "{word}: {name} may be several accounts: {accounts}": "{word}: {name} 계좌가 여럿입니다: {accounts}",
    "{word}: {name} is not an account: {accounts}": "{word}: {name:은} 계좌가 아닙니다: {accounts}",
}

GROUPS = (LINES, FIGURES, PERSONAL, COMPOSED)
