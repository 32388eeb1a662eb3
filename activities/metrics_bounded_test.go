package activities_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities"
)

func TestBounded(t *testing.T) {
	t.Parallel()
	t.Run("the first keep their names", func(t *testing.T) {
		t.Parallel()
		b := activities.NewBounded(2)
		got := make([]string, 0, 6)
		for _, name := range []string{"a", "b", "c", "a", "", "b"} {
			got = append(got, b.Of(name))
		}
		require.Equal(t, []string{"a", "b", "other", "a", "other", "b"}, got)
	})
	t.Run("without places nobody has a name", func(t *testing.T) {
		t.Parallel()
		for _, b := range []*activities.Bounded{nil, activities.NewBounded(0), activities.NewBounded(-1), activities.Labels{}.Stores} {
			require.Equal(t, activities.Other, b.Of("a"))
		}
	})
	t.Run("many at once do not take more places than there are", func(t *testing.T) {
		t.Parallel()
		b := activities.NewBounded(10)
		var mu sync.Mutex
		seen := map[string]bool{}
		var group sync.WaitGroup
		for i := range 8 {
			group.Go(func() {
				for j := range 1000 {
					label := b.Of(fmt.Sprintf("channel-%d", (i*125+j)%1000))
					mu.Lock()
					seen[label] = true
					mu.Unlock()
				}
			})
		}
		group.Wait()
		require.Len(t, seen, 11)
		require.Contains(t, seen, activities.Other)
	})
}
