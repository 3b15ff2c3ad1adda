//! The messages of RFC 4475 and RFC 5118, each with the name of its test.

use std::path::PathBuf;

/// Where the messages and the table of what they get are.
pub fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/sip")
}

/// Gives every message to a macro: the name of a test, and the file without its ending.
#[macro_export]
macro_rules! torture_messages {
    ($then:ident) => {
        $then! {
            wsinv "rfc4475/wsinv"
            intmeth "rfc4475/intmeth"
            esc01 "rfc4475/esc01"
            escnull "rfc4475/escnull"
            esc02 "rfc4475/esc02"
            lwsdisp "rfc4475/lwsdisp"
            longreq "rfc4475/longreq"
            dblreq "rfc4475/dblreq"
            semiuri "rfc4475/semiuri"
            transports "rfc4475/transports"
            mpart01 "rfc4475/mpart01"
            unreason "rfc4475/unreason"
            noreason "rfc4475/noreason"
            badinv01 "rfc4475/badinv01"
            clerr "rfc4475/clerr"
            ncl "rfc4475/ncl"
            scalar02 "rfc4475/scalar02"
            scalarlg "rfc4475/scalarlg"
            quotbal "rfc4475/quotbal"
            ltgtruri "rfc4475/ltgtruri"
            lwsruri "rfc4475/lwsruri"
            lwsstart "rfc4475/lwsstart"
            trws "rfc4475/trws"
            escruri "rfc4475/escruri"
            baddate "rfc4475/baddate"
            regbadct "rfc4475/regbadct"
            badaspec "rfc4475/badaspec"
            baddn "rfc4475/baddn"
            badvers "rfc4475/badvers"
            mismatch01 "rfc4475/mismatch01"
            mismatch02 "rfc4475/mismatch02"
            bigcode "rfc4475/bigcode"
            badbranch "rfc4475/badbranch"
            insuf "rfc4475/insuf"
            unkscm "rfc4475/unkscm"
            novelsc "rfc4475/novelsc"
            unksm2 "rfc4475/unksm2"
            bext01 "rfc4475/bext01"
            invut "rfc4475/invut"
            regaut01 "rfc4475/regaut01"
            multi01 "rfc4475/multi01"
            mcl01 "rfc4475/mcl01"
            bcast "rfc4475/bcast"
            zeromf "rfc4475/zeromf"
            cparam01 "rfc4475/cparam01"
            cparam02 "rfc4475/cparam02"
            regescrt "rfc4475/regescrt"
            sdp01 "rfc4475/sdp01"
            inv2543 "rfc4475/inv2543"
            ipv6_good "rfc5118/ipv6-good"
            ipv6_bad "rfc5118/ipv6-bad"
            ipv6_port_ambiguous "rfc5118/port-ambiguous"
            ipv6_port_unambiguous "rfc5118/port-unambiguous"
            ipv6_via_received_param_with_delim "rfc5118/via-received-param-with-delim"
            ipv6_via_received_param_no_delim "rfc5118/via-received-param-no-delim"
            ipv6_in_sdp "rfc5118/ipv6-in-sdp"
            ipv6_mult_ip_in_header "rfc5118/mult-ip-in-header"
            ipv6_mult_ip_in_sdp "rfc5118/mult-ip-in-sdp"
            ipv4_mapped_ipv6 "rfc5118/ipv4-mapped-ipv6"
            ipv6_bug_abnf_3_colons "rfc5118/ipv6-bug-abnf-3-colons"
            ipv6_correct_abnf_2_colons "rfc5118/ipv6-correct-abnf-2-colons"
        }
    };
}
