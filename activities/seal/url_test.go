package seal_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/seal"
)

func TestCheckURL(t *testing.T) {
	t.Parallel()
	urlSafe := base64.URLEncoding.EncodeToString([]byte(strings.Repeat("\xfb\xff", 16)))
	for _, url := range []string{
		"awskms://alias/orderbridge?region=eu-central-1",
		"awskms://1234abcd-12ab-34cd-56ef-1234567890ab?region=eu-central-1&context_app=orderbridge",
		"awskms:///arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab?region=eu-central-1",
		"azurekeyvault://shop.vault.azure.net/keys/orderbridge/0123456789abcdef",
		"azurekeyvault://shop.vault.azure.net/keys/orderbridge/0123456789abcdef?algorithm=RSA-OAEP-256",
		"gcpkms://projects/shop/locations/europe-west1/keyRings/prod/cryptoKeys/orderbridge",
		"gcpkms://projects/shop/locations/global/keyRings/prod/cryptoKeys/orderbridge?additional_authenticated_data=b3JkZXI=",
		"hashivault://orderbridge?address=http://127.0.0.1:8200",
		"hashivault://order_bridge-1?engine=team/transit&address=http://127.0.0.1:8200",
		base64Key(9), "base64key://" + urlSafe,
	} {
		require.NoError(t, seal.CheckURL(url), url)
		keeper, err := seal.Open(t.Context(), seal.Config{MasterKey: masterKey(1), URL: url, PreviousURLs: []string{url}})
		require.NoError(t, err, "it is opened without asking anybody: %s", url)
		require.NoError(t, keeper.Close())
	}
}

func TestCheckURLRefuses(t *testing.T) {
	t.Parallel()
	const schemes = "must begin with one of awskms://, azurekeyvault://, base64key://, gcpkms://, hashivault://"
	for name, tc := range map[string]struct{ url, says string }{
		"nothing":                    {"", schemes},
		"a key alone":                {"hunter2hunter2hunter2", schemes},
		"another scheme":             {"vault://hunter2", schemes},
		"no URL":                     {"awskms://%hunter2", schemes},
		"a colon first":              {"://hunter2", schemes},
		"another case":               {"BASE64KEY://hunter2", schemes},
		"a written key of no length": {"base64key://", "base64 of 32 random bytes"},
		"a short written key":        {"base64key://aHVudGVyMg==", "base64 of 32 random bytes"},
		"no base64":                  {"base64key://hunter2!", "base64 of 32 random bytes"},
		"a parameter too many":       {base64Key(9) + "?hunter2=1", "base64 of 32 random bytes"},
		"no key in AWS":              {"awskms://?region=eu-central-1", "after awskms:// comes the id of a key"},
		"no key in Vault":            {"hashivault://", "after hashivault:// comes the name of a key"},
		"a path in Vault":            {"hashivault://hunter2/hunter2", "after hashivault:// comes the name of a key"},
		"half a key in Google":       {"gcpkms://projects/hunter2/cryptoKeys/x", "after gcpkms:// comes projects/PROJECT/"},
		"another host than Azure's":  {"azurekeyvault://hunter2.example.com/keys/x", "after azurekeyvault:// comes VAULT.vault"},
		"Azure without a version":    {"azurekeyvault://hunter2.vault.azure.net/keys/x", "/keys/KEY/VERSION"},
		"an unknown parameter":       {"awskms://alias/hunter2?regoin=eu-central-1", `awskms has no parameter "regoin"`},
		"a parameter of another":     {"hashivault://hunter2?region=eu", `hashivault has no parameter "region"`},
		"parameters that are none":   {"hashivault://hunter2?address=%zz", "the parameters of hashivault cannot be read"},
		"a password":                 {"hashivault://user:hunter2@orderbridge", "takes no user, no password"},
		"a fragment":                 {"hashivault://orderbridge#hunter2", "takes no user, no password and no fragment"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := seal.CheckURL(tc.url)
			require.ErrorContains(t, err, tc.says)
			require.NotContains(t, err.Error(), "hunter2")
			if tc.url == "" {
				return
			}
			_, err = seal.Open(t.Context(), seal.Config{MasterKey: masterKey(1), URL: tc.url, PreviousURLs: []string{"", tc.url}})
			require.ErrorContains(t, err, "keeper URL: ")
			require.ErrorContains(t, err, "previous keeper URL 1: ")
			require.ErrorContains(t, err, "previous keeper URL 2: ")
			require.NotContains(t, err.Error(), "hunter2")
		})
	}
}

func TestOpenRefusesWhatADriverRefuses(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ url, says string }{
		"a role of AWS":   {"awskms://alias/hunter2?role=nobody", "awskms cannot be used as it is set up: open keeper awskms://…: invalid value for role"},
		"a flag of AWS":   {"awskms://alias/hunter2?fips=perhaps", "invalid value for fips"},
		"a Vault address": {"hashivault://hunter2?address=%3A%2F%2Fhunter2", "the address of Vault"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := seal.Open(t.Context(), seal.Config{MasterKey: masterKey(1), URL: tc.url})
			require.ErrorContains(t, err, tc.says)
			require.NotContains(t, err.Error(), "hunter2")
		})
	}
}

func TestOpenNamesEveryKeyThatIsWrong(t *testing.T) {
	t.Parallel()
	_, err := seal.Open(t.Context(), seal.Config{
		URL: "x", MasterKey: []byte("hunter2"), PreviousURLs: []string{base64Key(1), "y"},
		PreviousMasterKeys: [][]byte{masterKey(1), []byte("hunter2")},
	})
	require.ErrorContains(t, err, "keeper URL: it must begin with")
	require.ErrorContains(t, err, "master key: it has 7 bytes, want 32")
	require.ErrorContains(t, err, "previous keeper URL 2: it must begin with")
	require.ErrorContains(t, err, "previous master key 2: it has 7 bytes")
	require.NotContains(t, err.Error(), "hunter2")
	require.Len(t, strings.Split(err.Error(), "\n"), 4)
}
