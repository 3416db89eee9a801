// What this browser keeps for the pages in its own database: devices, what is being protected, and a file handed over.

const STORES = ["devices", "batches", "handed"];

function database() {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open("chancery", 2);
    opening.onupgradeneeded = () => {
      const missing = STORES.filter((name) => !opening.result.objectStoreNames.contains(name));
      missing.forEach((name) => opening.result.createObjectStore(name));
    };
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
}

/** Do one thing in one store and return its result once it is on disk. */
export async function inStore(name, mode, act) {
  const opened = await database();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = opened.transaction(name, mode);
      const request = act(transaction.objectStore(name));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = () => reject(transaction.error);
      transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    opened.close();
  }
}
