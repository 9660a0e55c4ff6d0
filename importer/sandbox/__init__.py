"""An OPSCOM controller on this machine, for rehearsals and for the tests.

It is the vendor's page read a second time: it shares nothing with ``schemas`` and the steps.
"""
