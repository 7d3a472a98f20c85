"""Surnames by how common they are, for telling columns of names from columns of other short words."""

COMMON = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任"
    "沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
"""The hundred or so that name most people."""

OTHER = frozenset(
    "安常葛牛尤柳伍左齐季施倪温芦樊鲁骆焦祁庞章申翟殷颜鲍岳欧阎俞关耿詹项宁聂庄柴辛管祝单盛游翁裴纪娄舒"
    "米华谷麦梅裘冉宫童涂包甘佟卜邢路屈符房连喻解应宗宣惠邬闵车邸乔赖文凌景霍褚蓝党滕隋牟蒲尚卓池穆芮阮"
    "靳卞储苗桑仇简甄习闻敖晏杭楼艾瞿奚苟蔺荆窦糜戚费岑薄幸吉燕楚赫曲封全初迟"
)

COMPOUND = frozenset(
    {"欧阳", "司马", "上官", "诸葛", "东方", "皇甫", "尉迟", "公孙", "慕容", "令狐", "夏侯", "轩辕",
    "宇文", "司徒", "端木", "百里",
     "长孙", "独孤", "南宫", "西门"}
)  # fmt: skip
