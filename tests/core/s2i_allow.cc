# Towards a line only what is allowed; no SETUP goes out for the rest.
> sip SETUP 1 called=+33123456 media=198.51.100.7:40000
> sip RELEASED 1 cause=21
> sip SETUP 2 called=900123 media=198.51.100.7:40000
> sip RELEASED 2 cause=21
> sip SETUP 3 called=*21*0711# media=198.51.100.7:40000
> sip RELEASED 3 cause=21
> sip SETUP 4 end=1 called=0711 media=198.51.100.7:40000
> sip RELEASED 4 cause=3
> sip SETUP 5 media=198.51.100.7:40000
> sip RELEASED 5 cause=28
