// Loads what is named, as a program that only imports it does.
for (const name of process.argv.slice(2)) await import(name);
console.log("loaded");
