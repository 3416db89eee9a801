// What the keyboard does on every page: "/" begins a search, unless the reader is typing.
document.addEventListener("keydown", (event) => {
  const search = document.getElementById("everything");
  const typing = event.target.matches?.("input, textarea, select, [contenteditable]");
  if (!search || typing || event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  if (!search.checkVisibility()) document.getElementById("side").showPopover();
  search.focus();
});
