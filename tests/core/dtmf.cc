# Digits signalled outside the media path go to the other side's.
> span0 SETUP 1 called=0711123 ch=1
> span0 DTMF 1 digit=5
> sip ANSWER c1 media=198.51.100.7:40000
> sip DTMF c1 digit=#
> span0 DTMF 1 digit=A
> media EVENT id=1 kind=2
> media EVENT id=1 kind=7
> span0 RELEASED 1 cause=16
> sip RELEASED c1 cause=16
