package main

import (
	"fmt"
	"math/rand"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

func at(moments ...time.Time) []*backup {
	var result []*backup
	for index, moment := range moments {
		result = append(result, &backup{ID: fmt.Sprint(index), Time: moment})
	}
	return result
}

func mustKeep(t *testing.T, text string) keep {
	t.Helper()
	k, err := parseKeep(text)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestKeepIsRefused(t *testing.T) {
	for _, text := range []string{"hourly", "hourly=", "hourly=-1", "yearly=1", "hourly=1;daily=2", "hourly=0,daily=0", "=", "latest=3"} {
		if _, err := parseKeep(text); err == nil || asFailure(err).status != statusUsage {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestAYearOfHoursLeavesWhatThePolicyNames(t *testing.T) {
	k := mustKeep(t, defaultKeep)
	var left []*backup
	for hour := range 24 * 365 {
		moment := noon.Add(time.Duration(hour) * time.Hour)
		one := &backup{ID: fmt.Sprint(hour), Time: moment}
		left = append([]*backup{one}, left...)
		gone := map[string]bool{}
		for _, one := range k.expired(left, one.ID, moment) {
			gone[one.ID] = true
		}
		var kept []*backup
		for _, one := range left {
			if !gone[one.ID] {
				kept = append(kept, one)
			}
		}
		left = kept
	}
	end := left[0].Time
	within := func(age time.Duration) (count int) {
		for _, one := range left {
			if end.Sub(one.Time) < age {
				count++
			}
		}
		return count
	}
	if within(24*time.Hour) != 24 {
		t.Errorf("%d of the last 24 hours", within(24*time.Hour))
	}
	// 24 hours, 7 days, 5 weeks and 12 months, of which some are the same backups.
	if len(left) < 24+5+3+10 || len(left) > 24+7+5+12 {
		t.Errorf("%d backups are left", len(left))
	}
	if oldest := end.Sub(left[len(left)-1].Time); oldest < 330*24*time.Hour {
		t.Errorf("the oldest has %v", oldest)
	}
}

func TestAPauseDeletesNothing(t *testing.T) {
	before := at(noon, noon.Add(-time.Hour), noon.Add(-2*time.Hour), noon.Add(-3*time.Hour), noon.Add(-4*time.Hour), noon.Add(-5*time.Hour),
		noon.Add(-6*time.Hour))
	later := noon.AddDate(2, 0, 0)
	all := append([]*backup{{ID: "new", Time: later}}, before...)
	if gone := mustKeep(t, "hourly=24").expired(all, "new", later); len(gone) != 0 {
		t.Errorf("deleted %d", len(gone))
	}
}

func TestAClockThatWasSetBackDeletesNothing(t *testing.T) {
	var all []*backup
	for hour := range 100 {
		all = append(all, &backup{ID: fmt.Sprint(hour), Time: noon.Add(time.Duration(hour) * time.Hour)})
	}
	past := noon.AddDate(-1, 0, 0)
	all = append(all, &backup{ID: "new", Time: past})
	if gone := mustKeep(t, "hourly=1").expired(all, "new", past); len(gone) != 0 {
		t.Errorf("deleted %d", len(gone))
	}
}

// Whatever the times and the policy: the newest is kept, the one written last is kept, each period that counts has its
// newest, a second look deletes nothing more, and a wider policy keeps all that a narrower one keeps.
func TestProperties(t *testing.T) {
	for seed := range int64(500) {
		random := rand.New(rand.NewSource(seed))
		k := keep{random.Intn(30), random.Intn(10), random.Intn(6), random.Intn(14)}
		if k == (keep{}) {
			continue
		}
		var all []*backup
		for index := range 1 + random.Intn(200) {
			all = append(all, &backup{ID: fmt.Sprint(index), Time: noon.Add(-time.Duration(random.Int63n(int64(400 * 24 * time.Hour))))})
		}
		written := all[random.Intn(len(all))].ID
		gone := map[string]bool{}
		for _, one := range k.expired(all, written, noon) {
			gone[one.ID] = true
		}
		newest := all[0]
		var left []*backup
		for _, one := range all {
			if one.Time.After(newest.Time) {
				newest = one
			}
			if !gone[one.ID] {
				left = append(left, one)
			}
		}
		if gone[newest.ID] || gone[written] {
			t.Fatalf("seed %d: the newest or the last is deleted", seed)
		}
		if more := k.expired(left, written, noon); len(more) != 0 {
			t.Fatalf("seed %d: a second look deletes %d", seed, len(more))
		}
		for _, one := range (keep{k.hourly + 3, k.daily + 1, k.weekly + 1, k.monthly + 1}).expired(all, written, noon) {
			if !gone[one.ID] {
				t.Fatalf("seed %d: a wider policy deletes more", seed)
			}
		}
		hours := map[string]bool{}
		for _, one := range all {
			hours[one.Time.Format("2006-01-02 15")] = true
		}
		kept := map[string]bool{}
		for _, one := range left {
			kept[one.Time.Format("2006-01-02 15")] = true
		}
		if len(kept) < min(len(hours), k.hourly) {
			t.Fatalf("seed %d: %d hours are kept of %d", seed, len(kept), len(hours))
		}
	}
}
