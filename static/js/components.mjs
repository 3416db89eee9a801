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

for (const all of document.querySelectorAll("input[data-select-all]")) {
  const form = document.getElementById(all.dataset.selectAll);
  const boxes = [...document.querySelectorAll(`input[name=chosen][form="${form.id}"]`)];
  const words = form.querySelector("[data-count]");
  const without = words.textContent;
  const count = () => {
    const number = boxes.filter((box) => box.checked).length;
    all.checked = number > 0 && number === boxes.length;
    all.indeterminate = number > 0 && number < boxes.length;
    words.textContent = number ? words.dataset.count.replace("{number}", number) : without;
  };
  all.hidden = false;
  all.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
    count();
  });
  for (const box of boxes) box.addEventListener("change", count);
  count();
}
