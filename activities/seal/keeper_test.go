package seal_test

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/nacl/secretbox"
	"golang.org/x/sync/errgroup"

	"github.com/orderbridge/orderbridge/activities/seal"
)

// base64Key returns the URL of a key that is written out.
func base64Key(fill byte) string {
	return "base64key://" + base64.StdEncoding.EncodeToString(masterKey(fill))
}

// TestRotation goes from every kind of key to every other: what was sealed
// before opens all the while, and after it was sealed again, also without the
// key of before.
func TestRotation(t *testing.T) {
	t.Parallel()
	vault, aws := newVault(t), newAWS(t)
	type keys struct {
		master byte
		url    string
	}
	all := map[string]keys{
		"a master key":      {master: 1},
		"another":           {master: 2},
		"a written key":     {master: 3, url: base64Key(4)},
		"another written":   {master: 3, url: base64Key(5)},
		"a key in Vault":    {master: 3, url: vault.vaultURL("orderbridge")},
		"another in Vault":  {master: 3, url: vault.vaultURL("other")},
		"a key in AWS":      {master: 3, url: aws.awsURL("orderbridge")},
		"another in AWS":    {master: 3, url: aws.awsURL("other")},
		"Vault, new master": {master: 6, url: vault.vaultURL("orderbridge")},
	}
	config := func(present, previous keys) seal.Config {
		c := seal.Config{URL: present.url, MasterKey: masterKey(present.master), PreviousMasterKeys: [][]byte{masterKey(previous.master)}}
		if previous.url != "" {
			c.PreviousURLs = []string{previous.url}
		}
		return c
	}
	for from, was := range all {
		for to, is := range all {
			t.Run(from+" to "+to, func(t *testing.T) {
				t.Parallel()
				cipher := sealed(t, open(t, seal.Config{URL: was.url, MasterKey: masterKey(was.master)}), secret)

				// First every process learns to open with the new key.
				requireOpens(t, open(t, config(was, is)), cipher)
				// Then they seal with it.
				rotating := open(t, config(is, was))
				requireOpens(t, rotating, cipher)
				current, err := rotating.Current(t.Context(), cipher)
				require.NoError(t, err)
				same := was.url == is.url && (was.url != "" || was.master == is.master)
				require.Equal(t, same, current)
				again, err := rotating.Reseal(t.Context(), cipher)
				require.NoError(t, err)
				if same {
					require.Nil(t, again, "there is nothing to do")
					return
				}
				requireOpens(t, open(t, config(was, is)), again) // a process that is not that far
				// Then the old key is taken away.
				alone := open(t, seal.Config{URL: is.url, MasterKey: masterKey(is.master)})
				requireOpens(t, alone, again)
				current, err = alone.Current(t.Context(), again)
				require.NoError(t, err)
				require.True(t, current)
				if from == "a master key" || from == "a written key" { // AWS finds its keys by itself, and Vault is the same one
					_, err = alone.Open(t.Context(), cipher)
					require.ErrorIs(t, err, seal.ErrCannotOpen)
				}
			})
		}
	}
}

func TestOpenIsOfTheMasterKeyWhateverTheURL(t *testing.T) {
	t.Parallel()
	vault := newVault(t)
	cipher := sealed(t, newKeeper(t, 1), secret)
	requireOpens(t, open(t, seal.Config{URL: vault.vaultURL("orderbridge")}), cipher)
	require.Zero(t, vault.calls.Load(), "nobody is asked what is known here")
}

// TestOpenTriesLocalKeysOnWhatLooksMarked opens a ciphertext whose random first bytes
// happen to be those of a mark.
func TestOpenTriesLocalKeysOnWhatLooksMarked(t *testing.T) {
	t.Parallel()
	derived, err := hkdf.Key(sha256.New, masterKey(1), nil, "orderbridge seal v1", 32)
	require.NoError(t, err)
	nonce := [24]byte{'o', 'b', 'k', '1'}
	_, err = rand.Read(nonce[4:])
	require.NoError(t, err)
	cipher := secretbox.Seal(nonce[:], []byte(secret), &nonce, (*[32]byte)(derived))
	requireOpens(t, open(t, seal.Config{URL: newVault(t).vaultURL("orderbridge")}), cipher)
	requireOpens(t, newKeeper(t, 1), cipher)
}

func TestOpenKnowsAKeyWhoseURLIsWrittenInAnotherWay(t *testing.T) {
	t.Parallel()
	aws := newAWS(t)
	cipher := sealed(t, open(t, seal.Config{URL: aws.awsURL("orderbridge")}), secret)
	keeper := open(t, seal.Config{URL: newVault(t).vaultURL("orderbridge"), PreviousURLs: []string{aws.awsURL("orderbridge") + "&dualstack=false"}})
	requireOpens(t, keeper, cipher)
	reordered := "awskms://alias/orderbridge?endpoint=" + aws.server.URL + "&anonymous=true&region=eu-central-1"
	current, err := open(t, seal.Config{URL: reordered}).Current(t.Context(), cipher)
	require.NoError(t, err)
	require.True(t, current, "the order of parameters means nothing")
}

func TestOpenAsksOnlyTheKeyThatSealed(t *testing.T) {
	t.Parallel()
	vault, aws := newVault(t), newAWS(t)
	cipher := sealed(t, open(t, seal.Config{URL: vault.vaultURL("orderbridge")}), secret)
	requireOpens(t, open(t, seal.Config{URL: aws.awsURL("orderbridge"), PreviousURLs: []string{vault.vaultURL("orderbridge")}}), cipher)
	require.Zero(t, aws.calls.Load(), "what is not its own is none of its business")
}

func TestOpenAsksAKeyServiceOnce(t *testing.T) {
	t.Parallel()
	vault := newVault(t)
	keeper := open(t, seal.Config{URL: vault.vaultURL("orderbridge")})
	cipher := sealed(t, keeper, secret)
	before := vault.calls.Load()
	for range 5 {
		requireOpens(t, keeper, cipher)
	}
	require.Equal(t, before+1, vault.calls.Load())

	damaged := append(seal.Sealed{}, cipher...)
	damaged[len(damaged)-1] ^= 1
	for range 2 {
		_, err := keeper.Open(t.Context(), damaged)
		require.ErrorIs(t, err, seal.ErrCannotOpen)
	}
	require.Equal(t, before+3, vault.calls.Load(), "a refusal is not remembered")
	require.NoError(t, keeper.Close())
	_, err := keeper.Open(t.Context(), cipher)
	require.Error(t, err, "a closed keeper opens nothing")
}

func TestOpenAsksOnceForAllWhoWait(t *testing.T) {
	t.Parallel()
	vault := newVault(t)
	keeper := open(t, seal.Config{URL: vault.vaultURL("orderbridge")})
	cipher := sealed(t, keeper, secret)
	before := vault.calls.Load()
	var group errgroup.Group
	for range 50 {
		group.Go(func() error {
			_, err := keeper.Open(t.Context(), cipher)
			return err
		})
	}
	require.NoError(t, group.Wait())
	require.Equal(t, before+1, vault.calls.Load())
}

func TestOpenRemembersSoMuchAndNoMore(t *testing.T) {
	t.Parallel()
	keeper := open(t, seal.Config{URL: newVault(t).vaultURL("orderbridge")})
	const more = 20
	for i := range seal.MaxOpenings + more {
		_, err := keeper.Open(t.Context(), sealed(t, keeper, fmt.Sprint("secret ", i)))
		require.NoError(t, err)
	}
	require.Equal(t, seal.MaxOpenings, seal.Opened(keeper))
}

func TestLocalKeysRememberNothing(t *testing.T) {
	t.Parallel()
	keeper := open(t, seal.Config{URL: base64Key(2)})
	requireOpens(t, keeper, sealed(t, keeper, secret))
	require.Zero(t, seal.Opened(keeper))
}

func TestCurrentOfNothing(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"", base64Key(2), "hashivault://orderbridge?address=http://127.0.0.1:1"} {
		current, err := open(t, seal.Config{URL: url}).Current(t.Context(), nil)
		require.NoError(t, err)
		require.True(t, current)
	}
}

func TestKeeperNeverPrints(t *testing.T) {
	t.Parallel()
	keeper := open(t, seal.Config{URL: newVault(t).vaultURL("orderbridge")})
	requireOpens(t, keeper, sealed(t, keeper, secret))
	require.Equal(t, 1, seal.Opened(keeper), "there is something to give away")
	config := seal.Config{URL: base64Key(7), MasterKey: masterKey(7), PreviousURLs: []string{base64Key(7)}}
	requireNeverPrints(t, keeper, secret)
	for _, hidden := range []string{base64Key(7), "7 7 7", "0x7, 0x7", string(masterKey(7))} {
		requireNeverPrints(t, config, hidden)
		requireNeverPrints(t, &config, hidden)
	}
}
