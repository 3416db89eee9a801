// What components do more of where there is a script; all of them work without.

for (const button of document.querySelectorAll("button[data-copy]")) {
  if (!navigator.clipboard) break;
  button.hidden = false;
  const words = button.textContent;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.parentElement.querySelector("pre").textContent);
    button.textContent = button.dataset.copy;
    setTimeout(() => { button.textContent = words; }, 2000);
  });
}

// The head of a table has a box for all rows, and so has the list of cards that the table is on a phone.
for (const form of document.querySelectorAll("form.chosen-rows")) {
  const alls = [...document.querySelectorAll(`input[data-select-all="${form.id}"]`)];
  const boxes = [...document.querySelectorAll(`input[name=chosen][form="${form.id}"]`)];
  const words = form.querySelector("[data-count]");
  const without = words.textContent;
  const count = () => {
    const number = boxes.filter((box) => box.checked).length;
    for (const all of alls) {
      all.checked = number > 0 && number === boxes.length;
      all.indeterminate = number > 0 && number < boxes.length;
    }
    words.textContent = number ? words.dataset.count.replace("{number}", number) : without;
  };
  for (const all of alls) {
    (all.closest(".select-all") ?? all).hidden = false;
    all.addEventListener("change", () => {
      for (const box of boxes) box.checked = all.checked;
      count();
    });
  }
  for (const box of boxes) box.addEventListener("change", count);
  count();
}
