"""One thing has one Chinese name, on pages, in the documentation and in the README.

The rule books and the model texts of contracts are left out: they are frozen, and where a term is theirs
(平台服务费, 下架, 谢绝, 支付机构) it is the one chosen.
"""

import re
from collections.abc import Iterator
from typing import Final

import pytest

from market import translations
from tests.house.source import ROOT

REJECTED: Final = {
    r"(?<!数据交易)平台(?!服务费)": "交易所；齐鲁数据交易平台 is the product's name",
    r"支付平台": "支付机构",
    r"支付页|付款页(?!面)": "付款页面",
    r"口令": "密码",
    r"接口令牌|API ?令牌|持有者令牌": "访问令牌, or 令牌 alone",
    r"账本记录|[条个]记录|公开的?记录|记录[数种序]|该记录|本记录": "条目",
    r"日志中的对象|整个日志": "账本",
    r"(?<!数据)(?<!清洗)产品(?!研发)": "挂牌",
    r"运营方|运营者|运营人员": "运营机构, and 运营员 for the role",
    r"撤下|撤回挂牌|挂牌撤回": "下架",
    r"测量": "检测, and 实测 for a figure",
    r"不可撤回": "不可撤销",
    r"回答|应答": "响应",
    r"答复": "表态",
    r"使用政策|使用策略": "使用规则",
    r"错误码": "错误代码",
    r"规则手册": "交易规则",
    r"叶子": "叶节点",
    r"加盐承诺(?!值)": "加盐承诺值",
    r"收据": "回执",
    r"申请合同|拒绝申请": "请求, 谢绝",
    r"同事": "成员",
    r"抹除": "删除",
    r"验收后付款": "验收后划转: the buyer pays before",
}
"""Words that were used for something that has another name, and that name."""


def texts() -> Iterator[tuple[str, str]]:
    """Yield (where it stands, text) of all Chinese that this test holds to one name a thing."""
    for message in translations.catalogue():
        yield str(message.id), str(message.string)
    for path in [
        ROOT / "README.zh-CN.md",
        ROOT / "templates/pages/oversight/bundle-readme.md",
        *sorted((ROOT / "market/guide").rglob("*.toml")),
    ]:
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            yield f"{path.name}:{number}", line


@pytest.mark.parametrize("word", REJECTED)
def test_a_thing_is_called_by_its_one_name(word: str) -> None:
    found = [f"{place}: {match[0]}" for place, text in texts() for match in re.finditer(word, text)]
    assert found == [], f"say {REJECTED[word]}"
