/** What tests of Linux on a network share. */

/** Shell commands of the guest: it asks for an address, and says what it got. */
export const GET_ADDRESS = `cat > /tmp/lease <<'END'
#!/bin/sh
[ "$1" = bound ] || exit 0
ip addr add "$ip/$mask" dev "$interface"
[ -n "$router" ] && ip route add default via "$router"
echo "LEASE $ip $mask router=$router dns=$dns"
END
chmod +x /tmp/lease && ip link set eth0 up && udhcpc -i eth0 -n -q -s /tmp/lease`;

/** A port of the host's loopback that nobody listens at. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Shell commands of the guest: it waits for the address of version 6 that it makes of what the router tells. */
export const GET_ADDRESS_6 =
  "until ip -6 addr show dev eth0 | grep 'inet6 fec0:' | grep -qv tentative; do usleep 50000; " +
  "done; ip -6 addr show dev eth0; ip -6 route";

/** Has this host a loopback of version 6? Tests that need one say so where it has none. */
export function hasLoopback6(): boolean {
  try {
    Deno.listen({ hostname: "::1", port: 0 }).close();
    return true;
  } catch {
    console.log("this host has no ::1: nothing is tried with it");
    return false;
  }
}
