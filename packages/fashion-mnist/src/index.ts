// The four original Fashion-MNIST files, so that training needs no download.
export {};
