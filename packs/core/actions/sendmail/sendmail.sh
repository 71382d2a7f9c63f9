#!/bin/sh
# Sends a mail: sendmail.sh FROM TO SUBJECT SEND_EMPTY_BODY CONTENT_TYPE BODY
set -eu

fail() {
    printf 'sendmail: %s\n' "$1" >&2
    exit "${2:-1}"
}

[ $# -eq 6 ] || fail "6 arguments expected (from, to, subject, send_empty_body, content_type, body), got $#" 64
from=$1 to=$2 subject=$3 send_empty_body=$4 content_type=$5 body=$6

# A line break in a header would let its author add headers of their own.
newline='
'
for header in "$from" "$to" "$subject" "$content_type"; do
    case $header in
        *"$newline"* | *"$(printf '\r')"*) fail 'from, to and subject must not contain line breaks' 64 ;;
    esac
done
case $from in
    -*) fail 'the parameter "from" must not start with a dash' 64 ;;
esac
[ -n "$to" ] || fail 'the parameter "to" is empty' 64

if [ -z "$body" ] && [ "$send_empty_body" != 1 ]; then
    echo 'The body is empty and send_empty_body is false: no mail was sent.'
    exit 0
fi

PATH=$PATH:/usr/sbin:/usr/lib:/sbin
program=$(command -v sendmail) ||
    fail 'no sendmail program on this host; install a mail transfer agent such as postfix, exim or msmtp-mta' 69

# Non-ASCII subjects have to be encoded (RFC 2047).
case $subject in
    *[!\ -~]*) subject="=?UTF-8?B?$(printf '%s' "$subject" | base64 | tr -d '\n')?=" ;;
esac
case $from in
    *@*) ;;
    *) from="$from@$(hostname -f 2>/dev/null || hostname)" ;;
esac

{
    printf 'From: %s\nTo: %s\nSubject: %s\n' "$from" "$to" "$subject"
    printf 'MIME-Version: 1.0\nContent-Type: %s; charset=UTF-8\nContent-Transfer-Encoding: 8bit\n\n' "$content_type"
    printf '%s\n' "$body"
} | "$program" -i -t -f "$from"
