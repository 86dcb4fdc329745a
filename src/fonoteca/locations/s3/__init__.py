"""A location in an S3 bucket, over boto3 (the extra `[s3]`), which is imported only when one is used."""
