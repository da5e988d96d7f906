# The core is stopped with calls up: they are released by the operator.
> span0 SETUP 1 called=0711123 ch=1
> sip ANSWER c1 media=198.51.100.7:40000
> sip SETUP 2 called=0711123 media=198.51.100.7:40000
stop
