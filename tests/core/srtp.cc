# Keys come before the address to send to; the same again are not told again.
> sip SETUP 1 called=0711123 media=198.51.100.7:40000 crypto=1/7
> span0 ANSWER c1 ch=1
> sip UPDATE 1 media=198.51.100.7:40000 crypto=1/7
> sip UPDATE 1 media=198.51.100.8:40000 crypto=6/8
# The peer's offer without keys was taken: preferred.
> sip UPDATE 1 media=198.51.100.7:40000
> sip UPDATE 1 media=198.51.100.7:40000 crypto=1/9
> sip RELEASED 1 cause=16
> span0 RELEASED c1 cause=16
# Not well formed.
> sip SETUP 2 called=0711123 media=198.51.100.7:40000 crypto=7/7
