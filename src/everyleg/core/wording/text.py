"""From a carrier's raw words to plain sentences: for display (`tidy`) and for matching (`sentences`)."""

import html
import re
import unicodedata

_TAG = re.compile(r"</?[A-Za-z!][^<>]{0,200}>")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_GLUED = re.compile(  # between a script without blanks and Latin letters or figures
    r"(?<=[\u0e00-\u0e7f\u2e80-\ud7ff])(?=[A-Za-z0-9])|(?<=[A-Za-z0-9])(?=[\u0e00-\u0e7f\u2e80-\ud7ff])"
)

_CLAUSE = re.compile(r"[,，、]| [-–] | (?:and|und|et|y|e|и|та|i|oraz|en|og|och|dan|ve|a) ", re.IGNORECASE)
_SAME_HAN = (  # pairs: a traditional character and the simplified one that patterns are matched in
    "遞递達达運运關关檢检驗验發发裝装機机場场離离飛飞倉仓庫库單单號号處处區区點点櫃柜簽签轉转輸输營营業业電电話话聯联絡络繫系"
    "係系誤误錯错遲迟貨货車车門门鄰邻戶户預预計计約约製制準准備备資资訊讯訂订進进過过還还這这費费稅税繳缴罰罚銷销毀毁損损壞坏"
    "丟丢遺遗絕绝無无沒没個个們们時时間间問问題题異异難难總总員员樓楼實实現现質质動动際际國国內内東东廣广華华馬马陸陆島岛鐵铁"
    "報报攬揽寫写雙双從从廳厅鎖锁換换補补証证證证選选擇择詢询訴诉賠赔償偿拋抛棄弃張张紙纸齊齐據据額额賣卖買买購购應应該该後后"
    "來来對对與与為为將将已已經经並并於于開开啟启結结終终續续續续產产體体會会長长強强當当隨随務务須须頭头願愿類类雜杂額额風风"
    "颱台臺台災灾氣气險险歸归屬属壓压貼贴擴扩擱搁擋挡攔拦徵征審审議议護护貴贵賬账帳账數数圖图館馆樣样條条線线級级組组統统網网"
    "緊紧輛辆郵邮鄉乡鎮镇邊边廠厂築筑園园團团圍围滯滞灣湾潛潜漢汉澤泽溫温濕湿滿满燒烧煙烟爾尔狀状獨独環环畫画療疗盡尽監监盤盘"
    "確确碼码禮礼種种稱称積积穩稳競竞筆笔簡简糧粮納纳紅红級级細细綠绿維维練练緩缓編编聲声聽听職职腳脚臨临興兴舊旧藥药虛虚"
    "術术衛卫裏里裡里複复見见規规視视親亲覺觉覽览觀观訪访設设許许試试詳详語语請请調调談谈論论識识警警譯译讀读變变讓让負负財财"
    "貧贫販贩貸贷賓宾賞赏趕赶跡迹蹤踪軟软載载較较輕轻農农連连遠远適适遷迁郤却醫医釋释針针鋼钢録录録录錄录鍵键鏡镜閉闭閱阅"
    "隊队階阶際际隱隐雖虽靜静響响頁页項项順顺領领顯显飯饭餘余館馆駐驻駕驾驚惊魚鱼鳥鸟麗丽黃黄齡龄龍龙価价"
)
_LETTERS = {"ł": "l", "ø": "o", "æ": "ae", "œ": "oe", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ё": "е"}
_ENDS = frozenset("!?;…。！？；")
"""A full stop ends a sentence only before a blank: `sentences` sees to it."""


def _plain(char: str) -> str:
    """What one character is matched as: letters lose case, accents and variants; marks become blanks or ends."""
    if char in _ENDS:
        return "\n"
    folded = unicodedata.normalize("NFKC", char).casefold()
    if folded != char:
        return "".join(_plain(c) if c != char else c for c in folded)
    if char in _LETTERS:
        return _LETTERS[char]
    kind = unicodedata.category(char)
    if kind[0] in "LN":
        base = unicodedata.normalize("NFD", char)[0]
        return base if base != char and base.isascii() else char
    # Thai and Indic vowels are marks inside a word; Latin accents on their own carry nothing here
    return char if kind in {"Mn", "Mc"} and char > "\u0900" else ("" if kind == "Mn" else " ")


class _Plain(dict[int, str]):
    """Translation table that learns each character when it is first met."""

    def __missing__(self, code: int) -> str:
        self[code] = made = _plain(chr(code))
        return made


_TABLE = _Plain({ord(old): new for old, new in zip(_SAME_HAN[::2], _SAME_HAN[1::2], strict=True)})


def tidy(text: str) -> str:
    """Give a carrier's words as people read them: no HTML tags or entities, blanks and line breaks collapsed."""
    if "<" in text:
        text = _TAG.sub(" ", text)
    if "&" in text:
        text = html.unescape(text)
    return " ".join(text.split())


def plain(text: str) -> str:
    """Give text in the one spelling that patterns and sentences share; `\\n` stands where a sentence ends."""
    return text.translate(_TABLE)


def clauses(text: str) -> list[str]:
    """Split text, as the carrier wrote it, at commas, dashes and conjunctions too: for `sentences`."""
    return _CLAUSE.split(text)


def sentences(text: str) -> list[str]:
    """Split text into sentences in plain spelling, each with a blank at both ends, none empty.

    Glued names (`OutForDelivery`) and glued scripts (`已起飞Flight`) are taken apart.
    """
    text = tidy(text)
    if text.isascii():
        if " " not in text:
            text = _CAMEL.sub(" ", text)
    elif max(text) >= "\u0e00":
        text = _GLUED.sub(" ", text)
    found = (" ".join(part.split()) for part in plain(text.replace(". ", "\n")).split("\n"))
    return [f" {part} " for part in found if part]
