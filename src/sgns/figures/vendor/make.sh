#!/bin/sh
# Build regl-scatterplot.min.js from npm: sh make.sh (needs node and npm).
set -e
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y > /dev/null
npm install --no-save --ignore-scripts \
  regl-scatterplot@1.16.0 regl@2.1.1 regl-line@1.1.1 dom-2d-camera@2.2.6 camera-2d-simple@3.0.0 gl-matrix@3.4.4 \
  pub-sub-es@3.0.0 @flekschas/utils@0.33.0 earcut@3.2.4 esbuild@0.28.2
echo "export { default as createScatterplot, createRegl } from 'regl-scatterplot';" > entry.js
node_modules/@esbuild/*/bin/esbuild entry.js --bundle --minify --format=iife --global-name=reglScatterplot \
  --target=es2020 --legal-comments=none --outfile="$here/regl-scatterplot.min.js"
