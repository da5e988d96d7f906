# What the contract forbids is counted and does nothing.
> span0 SETUP 1 called=0711123 ch=1
> span0 SETUP 1 called=0711123 ch=2
> span0 ANSWER 1
> sip SETUP c1 called=0711 media=198.51.100.7:40000
> sip DIGITS c1 called=1
> sip RELEASED c9 cause=16
> span0 SETUP c8 called=0711
> sip SETUP 9 end=2 called=0711
> sip END_STATE end=2 up
> media EVENT id=1 kind=0
> media EVENT id=1 kind=9
> media SPAN id=2 kind=1
> media EVENT id=99 kind=6
> span0 RELEASED 1 cause=16
> sip RELEASED c1
ask status
