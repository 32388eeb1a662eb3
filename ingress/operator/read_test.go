package operator_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"

	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/ingress/operator"
)

func TestListShowsTheOthersWhenOneCannotBeRead(t *testing.T) {
	t.Parallel()
	b := setup(t)
	zoo := b.temporal.channels["main"]
	zoo.ID = "zoo"
	b.temporal.channels["zoo"] = zoo
	b.temporal.queryErr["broken channel"] = serviceerror.NewUnavailable("connection to 10.0.0.1 refused")
	views, err := b.List(t.Context())
	require.NoError(t, err)
	require.Len(t, views, 3)
	require.Equal(t, "broken", views[0].ID)
	require.Equal(t, "channel broken: Temporal does not answer: check TEMPORAL_ADDRESS and that the server runs", views[0].Error)
	require.Equal(t, channels.HealthUnknown, views[0].Health())
	require.Equal(t, "main", views[1].ID)
	require.Equal(t, channels.HealthHealthy, views[1].Health())
	require.Equal(t, "zoo", views[2].ID)
}

func TestListFailsWithoutTemporal(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.temporal.queryErr["list"] = serviceerror.NewUnavailable("connection refused")
	_, err := b.List(t.Context())
	require.EqualError(t, err, "Temporal does not answer: check TEMPORAL_ADDRESS and that the server runs")
	require.Equal(t, operator.KindUnavailable, asError(t, err).Kind)
}

func TestGet(t *testing.T) {
	t.Parallel()

	t.Run("shows no credential, sealed or not", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		view, err := b.Get(t.Context(), "main")
		require.NoError(t, err)
		require.Equal(t, operator.StoreView{Hash: "abc", ClientID: "id1", HasClientSecret: true}, view.Store)
		require.Equal(t, channels.HealthHealthy, view.Status.Health.State)
		require.Equal(t, "old", view.Former[0].Store.Hash)
		text, err := json.Marshal(view)
		require.NoError(t, err)
		for _, word := range []string{"access_token", "client_secret\"", "token", "sealed"} {
			require.NotContains(t, string(text), `"`+word, word)
		}
		for _, name := range []string{`"has_client_secret":true`, `"store":{"hash":"abc"`, `"downstream":{"adapter":"rest"`, `"settings":{"valid_cancellation_statuses":["Awaiting Shipment"]`} {
			require.Contains(t, string(text), name)
		}
	})

	t.Run("shows a channel whose status cannot be read", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		b.temporal.queryErr["main status"] = serviceerror.NewQueryFailed("unknown queryType status")
		view, err := b.Get(t.Context(), "main")
		require.NoError(t, err)
		require.Nil(t, view.Status)
		require.Contains(t, view.Error, "its status cannot be read: ")
		require.NotContains(t, view.Error, "queryType")
	})

	t.Run("knows no channel that is not there", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		for _, id := range []string{"other", "", "../main", "UPPER"} {
			_, err := b.Get(t.Context(), id)
			require.ErrorIs(t, err, channels.ErrUnknown)
			require.Equal(t, operator.KindUnknownChannel, asError(t, err).Kind)
			_, err = b.History(t.Context(), id)
			require.ErrorIs(t, err, channels.ErrUnknown)
			_, err = b.Remove(t.Context(), "alice", id, true)
			require.ErrorIs(t, err, channels.ErrUnknown)
			_, err = b.Audit(t.Context(), id)
			require.ErrorIs(t, err, channels.ErrUnknown)
		}
		require.Empty(t, b.temporal.updates)
	})
}

func TestHistory(t *testing.T) {
	t.Parallel()
	b := setup(t)
	changes, err := b.History(t.Context(), "main")
	require.NoError(t, err)
	require.Equal(t, []channels.Change{{By: "alice", Revision: 7}}, changes)
}

func TestUpdatesCarryWhoAsks(t *testing.T) {
	t.Parallel()
	b := setup(t)
	removed, err := b.Remove(t.Context(), "alice", "main", true)
	require.NoError(t, err)
	require.Equal(t, channels.FindingRevoked, removed.Left[0].Kind)
	result, err := b.RotateSecret(t.Context(), "bob", "main")
	require.NoError(t, err)
	require.Equal(t, 8, result.Revision)
	require.Len(t, b.temporal.updates, 2)
	require.Equal(t, []any{channels.RemoveRequest{By: "alice", Force: true}}, b.temporal.updates[0].Args)
	require.Equal(t, "channel/main", b.temporal.updates[0].WorkflowID)
	require.Equal(t, []any{channels.RotateRequest{By: "bob"}}, b.temporal.updates[1].Args)
	require.Equal(t, channels.UpdateRotateSecret, b.temporal.updates[1].UpdateName)
}
