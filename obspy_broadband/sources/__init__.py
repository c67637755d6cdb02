"""Where records come from: folders, SDS archives, FDSN services, SeisBench data sets, ASDF."""
