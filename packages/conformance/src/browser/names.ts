// The browsers that the suite runs in. Apart from how they are started, for those who only list them.
export const browserNames = ["chromium", "firefox"] as const;
export type BrowserName = (typeof browserNames)[number];
