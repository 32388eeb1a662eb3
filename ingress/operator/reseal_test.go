package operator_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/seal"
	"github.com/orderbridge/orderbridge/ingress/operator"
	"github.com/orderbridge/orderbridge/workflows"
)

// setupMasterKey is the one of setup.
var setupMasterKey = []byte("0123456789abcdef0123456789abcdef")

// with returns the service on the same channels, with other keys.
func (b bundle) with(t *testing.T, config seal.Config) (*operator.Service, *seal.Keeper) {
	t.Helper()
	keeper, err := seal.Open(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, keeper.Close()) })
	return operator.New(b.temporal, "default", keeper, drivers()), keeper
}

func TestReseal(t *testing.T) {
	t.Parallel()
	b := setup(t)
	newKey := bytes.Repeat([]byte{2}, seal.MasterKeySize)
	was := b.temporal.channels["main"]
	service, _ := b.with(t, seal.Config{MasterKey: newKey, PreviousMasterKeys: [][]byte{setupMasterKey}})

	changed, err := service.Reseal(t.Context(), "alice", "main")
	require.NoError(t, err)
	require.Equal(t, []string{"store.access_token", "store.client_secret", "downstream.token"}, changed)
	require.Len(t, b.temporal.saved, 1)
	require.Equal(t, "alice", b.temporal.saved[0].By)
	require.Equal(t, 7, *b.temporal.saved[0].Expected)
	require.True(t, b.temporal.saved[0].Resealed, "nothing is tried")

	is := b.temporal.channels["main"]
	_, alone := b.with(t, seal.Config{MasterKey: newKey})
	for want, cipher := range map[string]seal.Sealed{
		"store-token": is.Store.AccessToken, "client-secret": is.Store.ClientSecret, "wms-token": is.Downstream.Token,
	} {
		got, err := alone.Open(t.Context(), cipher)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	was.Store.AccessToken, was.Store.ClientSecret, was.Downstream.Token = is.Store.AccessToken, is.Store.ClientSecret, is.Downstream.Token
	require.Empty(t, channels.Diff(was, is), "nothing else changed")

	changed, err = service.Reseal(t.Context(), "alice", "main")
	require.NoError(t, err)
	require.Empty(t, changed)
	require.Len(t, b.temporal.saved, 1, "there was nothing to save")
}

func TestResealLeavesOutWhatIsNotThere(t *testing.T) {
	t.Parallel()
	b := setup(t)
	channel := b.temporal.channels["main"]
	channel.Store.ClientSecret = nil
	newKey := bytes.Repeat([]byte{2}, seal.MasterKeySize)
	service, keeper := b.with(t, seal.Config{MasterKey: newKey, PreviousMasterKeys: [][]byte{setupMasterKey}})
	var err error
	channel.Downstream.Token, err = keeper.Seal(t.Context(), "wms-token")
	require.NoError(t, err)
	b.temporal.channels["main"] = channel

	changed, err := service.Reseal(t.Context(), "alice", "main")
	require.NoError(t, err)
	require.Equal(t, []string{"store.access_token"}, changed)
	require.Empty(t, b.temporal.channels["main"].Store.ClientSecret)
	require.Equal(t, channel.Downstream.Token, b.temporal.channels["main"].Downstream.Token)
}

func TestResealBeginsAnewAfterAnotherChange(t *testing.T) {
	t.Parallel()
	b := setup(t)
	service, _ := b.with(t, seal.Config{MasterKey: bytes.Repeat([]byte{2}, seal.MasterKeySize), PreviousMasterKeys: [][]byte{setupMasterKey}})
	changes := 2
	b.temporal.beforeSave = func() {
		if changes--; changes < 0 {
			return
		}
		channel := b.temporal.channels["main"]
		channel.Revision++
		channel.Settings.StoreChannels = append(channel.Settings.StoreChannels, int64(channel.Revision))
		b.temporal.channels["main"] = channel
	}
	changed, err := service.Reseal(t.Context(), "alice", "main")
	require.NoError(t, err)
	require.Len(t, changed, 3)
	require.Equal(t, []int64{8, 9}, b.temporal.channels["main"].Settings.StoreChannels, "what somebody else saved stays")

	changes = 100
	b.temporal.channels["main"] = setup(t).temporal.channels["main"]
	_, err = service.Reseal(t.Context(), "alice", "main")
	require.True(t, operator.IsKind(err, operator.KindConflict), err)
}

func TestResealFails(t *testing.T) {
	t.Parallel()
	denying := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	t.Cleanup(denying.Close)
	newKey := bytes.Repeat([]byte{2}, seal.MasterKeySize)
	for name, tc := range map[string]struct {
		id     string
		config seal.Config
		update error
		kind   operator.Kind
		says   string
	}{
		"no such channel": {
			id: "other", config: seal.Config{MasterKey: setupMasterKey}, kind: operator.KindUnknownChannel, says: "channel other",
		},
		"without the key that sealed": {
			id: "main", config: seal.Config{MasterKey: newKey},
			kind: operator.KindFailed, says: "channel main: store.access_token: sealed secret cannot be opened",
		},
		"a key service that denies": {
			id: "main", config: seal.Config{MasterKey: setupMasterKey, URL: "hashivault://orderbridge?address=" + denying.URL},
			kind: operator.KindUnavailable, says: "channel main: store.access_token: seal secret: the key service does not serve: hashivault: access is denied",
		},
		"a channel that is being removed": {
			id: "main", config: seal.Config{MasterKey: newKey, PreviousMasterKeys: [][]byte{setupMasterKey}},
			update: refusal(workflows.ErrTypeRemoving, "it is being removed"), kind: operator.KindRemoving, says: "it is being removed",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.temporal.updateErr = tc.update
			before := b.temporal.channels["main"]
			service, _ := b.with(t, tc.config)
			changed, err := service.Reseal(t.Context(), "alice", tc.id)
			require.Equal(t, tc.kind, asError(t, err).Kind)
			require.ErrorContains(t, err, tc.says)
			require.Empty(t, changed)
			require.Equal(t, before, b.temporal.channels["main"])
			for _, hidden := range []string{"store-token", "client-secret", "wms-token"} {
				require.NotContains(t, err.Error(), hidden)
			}
		})
	}
}
