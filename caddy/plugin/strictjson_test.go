package gateway

import (
	"fmt"
	"strings"
	"testing"
)

func TestAnObjectHasSomeKeysOnly(t *testing.T) {
	object := func(count int) string {
		members := make([]string, count)
		for i := range members {
			members[i] = fmt.Sprintf(`"%d":0`, i)
		}
		return "{" + strings.Join(members, ",") + "}"
	}
	for _, wrap := range []string{"%s", `{"filter":[%s]}`} {
		if _, err := parseObject(fmt.Appendf(nil, wrap, object(maxJSONKeys))); err != nil {
			t.Errorf("%d keys are refused: %v", maxJSONKeys, err)
		}
		if _, err := parseObject(fmt.Appendf(nil, wrap, object(maxJSONKeys+1))); err == nil {
			t.Errorf("%d keys are read", maxJSONKeys+1)
		}
	}
}
