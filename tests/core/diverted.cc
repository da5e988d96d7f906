# The called one's line, then the called one's trunk says that the call goes on
# to somebody else: told once.
> sip SETUP 1 called=+49711123 media=198.51.100.7:40000
> span0 PROGRESS c1 ch=31 progress=8
> span0 PROGRESS c1 progress=8
> span0 ALERTING c1
> span0 ANSWER c1
> sip RELEASED 1 cause=16
> span0 RELEASED c1 cause=16
> span0 SETUP 5 called=0711222 ch=3
> sip PROGRESS c2 progress=8
> sip ANSWER c2 media=198.51.100.7:40000
> span0 RELEASED 5 cause=16
> sip RELEASED c2 cause=16
