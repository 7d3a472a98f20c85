"""Bank transfer (对公转账): the second processor, with the same states as the payment platform.

A bank answers no call. What the platform's answer is there, two people are here: one records what the bank's
statement says (by hand, or by importing the statement), another one confirms it, and only that confirmation moves a
state and books money. So nothing in this room talks to anything outside:

* An announced transfer is a checkout that is OPEN at once. Its *reference* is what the payer writes into the transfer.
  The file by which a payer shows that it was sent is a hint where to look, never a fact.
* What is to leave (to the provider, back to the buyer) is planned as ever and stands as an *order* until somebody
  makes it at the bank and two people have said so. An order that the bank refused is planned again.
* Money can be taken back from nobody's bank account: what a provider should give back, it owes from that moment on.
* A *line* is one line of the bank's statement, by the bank's serial number; a serial counts once.

**What it needs on the mainland.** Whoever takes buyers' money on an account of its own to pay it on later does a
payment institution's business without the licence (二清). The receiving account entered here must therefore be a
supervised account (监管账户 or 备付金账户) that a licensed bank or payment institution holds for this purpose, under an
agreement with the operator: the exchange never pools money outside one. Two operators say so by name, and without
such an account bank transfer is not offered. The software checks neither the licence nor the agreement.
"""
