/**
 * A certificate for the gateway's address, signed by itself, and its key, which is no secret: servers of tests on the
 * host's loopback have them. It is good from 1970 to 2100, because a guest without a clock believes to be in 1970.
 */

/** For `curl --cacert`, and for the server. */
export const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBPjCB5KADAgECAgEBMAoGCCqGSM49BAMCMBMxETAPBgNVBAMMCGxvb3BiYWNr
MCAXDTcwMDEwMTAwMDAwMFoYDzIxMDAwMTAxMDAwMDAwWjATMREwDwYDVQQDDAhs
b29wYmFjazBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABATQ+wmxAk9y1/6INxeN
EgNL+5kpyW2aq/i9NEBcBXr+8k6HXjIagh1VssuXUFfQF31VNedLn4JnMrlTstgl
cu6jJzAlMA8GA1UdEQQIMAaHBAoAAgIwEgYDVR0TAQH/BAgwBgEB/wIBADAKBggq
hkjOPQQDAgNJADBGAiEA2dsW/leFAp4ZNBAjxu7Vg350BCb6rXdQ+rJr33BfOM4C
IQDPZhO1z+XiVpbyifiaCYY+Ig9k4S7V5m7R2t7Ju8UkgA==
-----END CERTIFICATE-----
`;

/** For the server. */
export const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgqHLIDYESK97uIjCL
DkoKGEehisVX1JJzxYnNnza8ycOhRANCAAQE0PsJsQJPctf+iDcXjRIDS/uZKclt
mqv4vTRAXAV6/vJOh14yGoIdVbLLl1BX0Bd9VTXnS5+CZzK5U7LYJXLu
-----END PRIVATE KEY-----
`;
