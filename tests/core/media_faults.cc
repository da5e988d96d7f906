# No port; no answer; late answers; the media role dies and comes back.
media manual
> span0 SETUP 1 called=0711123 ch=1
> media OPENED ref=0x10001 id=0
> span0 RELEASED 1 cause=47
> span0 SETUP 2 called=0711123 ch=1
advance 3000
> media OPENED ref=0x10002 id=7
> span0 RELEASED 2 cause=41
> media CLOSED ref=0x10002 id=7
> span0 SETUP 3 called=0711123 ch=1
> media OPENED ref=0x10003 id=8
> sip ANSWER c1 media=198.51.100.7:40000
> media OPENED ref=0x10003 id=9
> media EVENT ref=0x10003 id=7 kind=6
> span0 RELEASED 3 cause=16
> sip RELEASED c1 cause=16
advance 3000
> span0 SETUP 4 called=0711123 ch=1
> span0 RELEASED 4 cause=16
> media OPENED ref=0x10004 id=10
> media CLOSED ref=0x10004 id=10
media auto
> span0 SETUP 5 called=0711123 ch=1
> sip ANSWER c2 media=198.51.100.7:40000
> media SPAN id=0 kind=1
down media
> span0 RELEASED 5 cause=41
> sip RELEASED c2 cause=41
> span0 SETUP 6 called=0711123 ch=1
> span0 RELEASED 6 cause=41
up media
> span0 SETUP 7 called=0711123 ch=1
> sip ANSWER c3 media=198.51.100.7:40000
> span0 RELEASED 7 cause=16
> sip RELEASED c3 cause=16
