// Times training steps, against PyTorch where it is installed.
export {};
