# The settings refuse what the roles have let through.
conf refer 0 0
> sip SETUP 1 called=+49711123 media=198.51.100.7:40000
> span0 ANSWER c1 ch=31
> sip TRANSFER 1 transfer=1 called=+49711999
> sip TRANSFER 1 transfer=2
conf refer 0 1
reload
> sip TRANSFER 1 transfer=1 called=+49711999
> sip TRANSFER 1 transfer=2
> sip RELEASED c2 cause=21
> sip RELEASED 1 cause=16
> span0 RELEASED c1 cause=16
