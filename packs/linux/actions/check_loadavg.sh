#!/bin/sh
read -r one five fifteen _ </proc/loadavg
case $1 in
1) echo "$one" ;;
5) echo "$five" ;;
15) echo "$fifteen" ;;
*) printf '{"1": %s, "5": %s, "15": %s}\n' "$one" "$five" "$fifteen" ;;
esac
