// Package policyset reads policies from files and makes the profile of one container from
// those that concern it. The agent's commands run and attach call it.
package policyset
