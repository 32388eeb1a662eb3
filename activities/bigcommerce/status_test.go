package bigcommerce_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
)

func TestStatusID(t *testing.T) {
	t.Parallel()
	ids := bigcommerce.StatusIDs()
	require.Len(t, ids, 15)
	names := make(map[string]bool)
	for i, id := range ids {
		require.Equal(t, bigcommerce.StatusID(i), id)
		require.True(t, id.Known())
		names[id.String()] = true
	}
	require.Len(t, names, len(ids))
	require.Equal(t, "Cancelled", bigcommerce.StatusCancelled.String())
	require.Equal(t, "Partially Refunded", bigcommerce.StatusPartiallyRefunded.String())
	for unknown, name := range map[bigcommerce.StatusID]string{-1: "status -1", 15: "status 15", 42: "status 42"} {
		require.False(t, unknown.Known())
		require.Equal(t, name, unknown.String())
	}
}
